/**
 * Names of the schema elements of other standards and products (schema/09-x500.ldif and after), in the form and under the rules of standard-names.ts, which
 * reads them.
 */

export const PRODUCT_NAMES = `
knowledgeinformation=2.5.4.2 presentationaddress=2.5.4.29 supportedapplicationcontext=2.5.4.30 protocolinformation=2.5.4.48 dmdname=2.5.4.54
pseudonym=2.5.4.65 applicationentity=2.5.6.12 dsa=2.5.6.13 dmd=2.5.6.20 textencodedoraddress=0.9.2342.19200300.100.1.2
arecord=0.9.2342.19200300.100.1.26 mdrecord=0.9.2342.19200300.100.1.27 mxrecord=0.9.2342.19200300.100.1.28 nsrecord=0.9.2342.19200300.100.1.29
soarecord=0.9.2342.19200300.100.1.30 cnamerecord=0.9.2342.19200300.100.1.31 janetmailbox=0.9.2342.19200300.100.1.46
mailpreferenceoption=0.9.2342.19200300.100.1.47 dsaquality=0.9.2342.19200300.100.1.49 singlelevelquality=0.9.2342.19200300.100.1.50
subtreeminimumquality=0.9.2342.19200300.100.1.51 subtreemaximumquality=0.9.2342.19200300.100.1.52 personalsignature=0.9.2342.19200300.100.1.53
pilotperson=0.9.2342.19200300.100.4.4=newpilotperson dnsdomain=0.9.2342.19200300.100.4.15 pilotorganization=0.9.2342.19200300.100.4.20
pilotdsa=0.9.2342.19200300.100.4.21 qualitylabelleddata=0.9.2342.19200300.100.4.22 ldapsubentry=2.16.840.1.113719.2.142.6.1.1
dgidentity=1.3.6.1.4.1.4203.666.11.8.1.1 dgmemberof=1.3.6.1.4.1.4203.666.11.8.1.3 ldapschemas=1.3.6.1.4.1.1466.101.120.17
lastmodifiedby=0.9.2342.19200300.100.1.24 lastmodifiedtime=0.9.2342.19200300.100.1.23 pilotobject=0.9.2342.19200300.100.4.3
inetdomainbasedn=2.16.840.1.113730.3.1.690 inetdomainstatus=2.16.840.1.113730.3.1.691 inetuserstatus=2.16.840.1.113730.3.1.692
inetuserhttpurl=2.16.840.1.113730.3.1.693 inetsubscriberaccountid=2.16.840.1.113730.3.1.694 inetsubscriberchallenge=2.16.840.1.113730.3.1.695
inetsubscriberresponse=2.16.840.1.113730.3.1.696 inetdomain=2.16.840.1.113730.3.2.129 inetuser=2.16.840.1.113730.3.2.130
inetsubscriber=2.16.840.1.113730.3.2.134 c-l=2.5.4.7.1 c-st=2.5.4.8.1 c-street=2.5.4.9.1 c-o=2.5.4.10.1 c-ou=2.5.4.11.1 c-postaladdress=2.5.4.16.1
c-postalcode=2.5.4.17.1 c-postofficebox=2.5.4.18.1 c-physicaldeliveryofficename=2.5.4.19.1 c-telephonenumber=2.5.4.20.1 c-telexnumber=2.5.4.21.1
c-facsimiletelephonenumber=2.5.4.23.1 c-internationalisdnnumber=2.5.4.25.1 javaclassname=1.3.6.1.4.1.42.2.27.4.1.6
javacodebase=1.3.6.1.4.1.42.2.27.4.1.7 javaclassnames=1.3.6.1.4.1.42.2.27.4.1.13 javaserializeddata=1.3.6.1.4.1.42.2.27.4.1.8
javafactory=1.3.6.1.4.1.42.2.27.4.1.10 javareferenceaddress=1.3.6.1.4.1.42.2.27.4.1.11 javadoc=1.3.6.1.4.1.42.2.27.4.1.12
javacontainer=1.3.6.1.4.1.42.2.27.4.2.1 javaobject=1.3.6.1.4.1.42.2.27.4.2.4 javaserializedobject=1.3.6.1.4.1.42.2.27.4.2.5
javamarshalledobject=1.3.6.1.4.1.42.2.27.4.2.8 javanamingreference=1.3.6.1.4.1.42.2.27.4.2.7 corbaior=1.3.6.1.4.1.42.2.27.4.1.14
corbarepositoryid=1.3.6.1.4.1.42.2.27.4.1.15 corbacontainer=1.3.6.1.4.1.42.2.27.4.2.10 corbaobject=1.3.6.1.4.1.42.2.27.4.2.9
corbaobjectreference=1.3.6.1.4.1.42.2.27.4.2.11 defaultserverlist=1.3.6.1.4.1.11.1.3.1.1.0 defaultsearchbase=1.3.6.1.4.1.11.1.3.1.1.1
preferredserverlist=1.3.6.1.4.1.11.1.3.1.1.2 searchtimelimit=1.3.6.1.4.1.11.1.3.1.1.3 bindtimelimit=1.3.6.1.4.1.11.1.3.1.1.4
followreferrals=1.3.6.1.4.1.11.1.3.1.1.5 dereferencealiases=1.3.6.1.4.1.11.1.3.1.1.16 authenticationmethod=1.3.6.1.4.1.11.1.3.1.1.6
profilettl=1.3.6.1.4.1.11.1.3.1.1.7 servicesearchdescriptor=1.3.6.1.4.1.11.1.3.1.1.14 attributemap=1.3.6.1.4.1.11.1.3.1.1.9
credentiallevel=1.3.6.1.4.1.11.1.3.1.1.10 objectclassmap=1.3.6.1.4.1.11.1.3.1.1.11 defaultsearchscope=1.3.6.1.4.1.11.1.3.1.1.12
servicecredentiallevel=1.3.6.1.4.1.11.1.3.1.1.13 serviceauthenticationmethod=1.3.6.1.4.1.11.1.3.1.1.15 duaconfigprofile=1.3.6.1.4.1.11.1.3.1.2.5
calcaluri=1.2.840.113556.1.4.478 calfburl=1.2.840.113556.1.4.479 calcapuri=1.2.840.113556.1.4.480 calcaladruri=1.2.840.113556.1.4.481
calothercaluris=1.2.840.113556.1.4.482 calotherfburls=1.2.840.113556.1.4.483 calothercapuris=1.2.840.113556.1.4.484
calothercaladruris=1.2.840.113556.1.4.485 calentry=1.2.840.113556.1.5.87 printer-uri=1.3.18.0.2.4.1140 printer-xri-supported=1.3.18.0.2.4.1107
printer-name=1.3.18.0.2.4.1135 printer-natural-language-configured=1.3.18.0.2.4.1119 printer-location=1.3.18.0.2.4.1136 printer-info=1.3.18.0.2.4.1139
printer-more-info=1.3.18.0.2.4.1134 printer-make-and-model=1.3.18.0.2.4.1138 printer-ipp-versions-supported=1.3.18.0.2.4.1133
printer-multiple-document-jobs-supported=1.3.18.0.2.4.1132 printer-charset-configured=1.3.18.0.2.4.1109 printer-charset-supported=1.3.18.0.2.4.1131
printer-generated-natural-language-supported=1.3.18.0.2.4.1137 printer-document-format-supported=1.3.18.0.2.4.1130
printer-color-supported=1.3.18.0.2.4.1129 printer-compression-supported=1.3.18.0.2.4.1128 printer-pages-per-minute=1.3.18.0.2.4.1127
printer-pages-per-minute-color=1.3.18.0.2.4.1126 printer-finishings-supported=1.3.18.0.2.4.1125 printer-number-up-supported=1.3.18.0.2.4.1124
printer-sides-supported=1.3.18.0.2.4.1123 printer-media-supported=1.3.18.0.2.4.1122 printer-media-local-supported=1.3.18.0.2.4.1117
printer-resolution-supported=1.3.18.0.2.4.1121 printer-print-quality-supported=1.3.18.0.2.4.1120 printer-job-priority-supported=1.3.18.0.2.4.1110
printer-copies-supported=1.3.18.0.2.4.1118 printer-job-k-octets-supported=1.3.18.0.2.4.1111 printer-current-operator=1.3.18.0.2.4.1112
printer-service-person=1.3.18.0.2.4.1113 printer-delivery-orientation-supported=1.3.18.0.2.4.1114 printer-stacking-order-supported=1.3.18.0.2.4.1115
printer-output-features-supported=1.3.18.0.2.4.1116 printer-aliases=1.3.18.0.2.4.1108 printerabstract=1.3.18.0.2.6.258 printerservice=1.3.18.0.2.6.255
printerserviceauxclass=1.3.18.0.2.6.257 printeripp=1.3.18.0.2.6.256 printerlpr=1.3.18.0.2.6.253 edupersonaffiliation=1.3.6.1.4.1.5923.1.1.1.1
edupersonnickname=1.3.6.1.4.1.5923.1.1.1.2 edupersonorgdn=1.3.6.1.4.1.5923.1.1.1.3 edupersonorgunitdn=1.3.6.1.4.1.5923.1.1.1.4
edupersonprimaryaffiliation=1.3.6.1.4.1.5923.1.1.1.5 edupersonprincipalname=1.3.6.1.4.1.5923.1.1.1.6 edupersonentitlement=1.3.6.1.4.1.5923.1.1.1.7
edupersonprimaryorgunitdn=1.3.6.1.4.1.5923.1.1.1.8 edupersonscopedaffiliation=1.3.6.1.4.1.5923.1.1.1.9 edupersontargetedid=1.3.6.1.4.1.5923.1.1.1.10
edupersonassurance=1.3.6.1.4.1.5923.1.1.1.11 edupersonprincipalnameprior=1.3.6.1.4.1.5923.1.1.1.12 edupersonuniqueid=1.3.6.1.4.1.5923.1.1.1.13
edupersonorcid=1.3.6.1.4.1.5923.1.1.1.16 eduperson=1.3.6.1.4.1.5923.1.1.2 mozillacustom1=1.3.6.1.4.1.13769.4.1 mozillacustom2=1.3.6.1.4.1.13769.4.2
mozillacustom3=1.3.6.1.4.1.13769.4.3 mozillacustom4=1.3.6.1.4.1.13769.4.4 mozillahomestreet=1.3.6.1.4.1.13769.3.1
mozillahomestreet2=1.3.6.1.4.1.13769.3.2 mozillahomelocalityname=1.3.6.1.4.1.13769.3.3 mozillahomestate=1.3.6.1.4.1.13769.3.4
mozillahomepostalcode=1.3.6.1.4.1.13769.3.5 mozillahomecountryname=1.3.6.1.4.1.13769.3.6 mozillahomeurl=1.3.6.1.4.1.13769.3.7
mozillaworkstreet2=1.3.6.1.4.1.13769.3.8 mozillaworkurl=1.3.6.1.4.1.13769.3.9 mozillanickname=1.3.6.1.4.1.13769.2.1=xmozillanickname
mozillasecondemail=1.3.6.1.4.1.13769.2.2=xmozillasecondemail mozillausehtmlmail=1.3.6.1.4.1.13769.2.3=xmozillausehtmlmail
nsaimid=1.3.6.1.4.1.13769.2.4=nscpaimscreenname mozillaabpersonalpha=1.3.6.1.4.1.13769.9.1 maillocaladdress=2.16.840.1.113730.3.1.13
mailhost=2.16.840.1.113730.3.1.18 mailroutingaddress=2.16.840.1.113730.3.1.47 rfc822mailmember=1.3.6.1.4.1.42.2.27.2.1.15
inetlocalmailrecipient=2.16.840.1.113730.3.2.147 nismailalias=1.3.6.1.4.1.42.2.27.1.2.5 qmailuid=1.3.6.1.4.1.7914.1.2.1.1
qmailgid=1.3.6.1.4.1.7914.1.2.1.2 mailmessagestore=1.3.6.1.4.1.7914.1.2.1.3 mailalternateaddress=1.3.6.1.4.1.7914.1.2.1.4
mailforwardingaddress=1.3.6.1.4.1.7914.1.2.1.7 deliveryprogrampath=1.3.6.1.4.1.7914.1.2.1.8 qmaildotmode=1.3.6.1.4.1.7914.1.2.1.9
deliverymode=1.3.6.1.4.1.7914.1.2.1.10 mailreplytext=1.3.6.1.4.1.7914.1.2.1.11 accountstatus=1.3.6.1.4.1.7914.1.2.1.12
qmailaccountpurge=1.3.6.1.4.1.7914.1.2.1.14 mailquotasize=1.3.6.1.4.1.7914.1.2.1.15 mailquotacount=1.3.6.1.4.1.7914.1.2.1.16
mailsizemax=1.3.6.1.4.1.7914.1.2.1.17 dnmember=1.3.6.1.4.1.7914.1.3.1.1 rfc822member=1.3.6.1.4.1.7914.1.3.1.2 filtermember=1.3.6.1.4.1.7914.1.3.1.3
senderconfirm=1.3.6.1.4.1.7914.1.3.1.4 membersonly=1.3.6.1.4.1.7914.1.3.1.5 confirmtext=1.3.6.1.4.1.7914.1.3.1.6 dnmoderator=1.3.6.1.4.1.7914.1.3.1.7
rfc822moderator=1.3.6.1.4.1.7914.1.3.1.8 moderatortext=1.3.6.1.4.1.7914.1.3.1.9 dnsender=1.3.6.1.4.1.7914.1.3.1.10
rfc822sender=1.3.6.1.4.1.7914.1.3.1.11 filtersender=1.3.6.1.4.1.7914.1.3.1.12 qmailuser=1.3.6.1.4.1.7914.1.2.2.1 qmailgroup=1.3.6.1.4.1.7914.1.3.2.1
mailhomedirectory=1.3.6.1.4.1.29426.1.10.1 mailalias=1.3.6.1.4.1.29426.1.10.2 mailuidnumber=1.3.6.1.4.1.29426.1.10.3
mailgidnumber=1.3.6.1.4.1.29426.1.10.4 mailenabled=1.3.6.1.4.1.29426.1.10.5 mailgroupmember=1.3.6.1.4.1.29426.1.10.6
mailquota=1.3.6.1.4.1.29426.1.10.7 mailstoragedirectory=1.3.6.1.4.1.29426.1.10.8 mailsieverulesource=1.3.6.1.4.1.29426.1.10.9
mailacceptinggeneralid=1.3.6.1.4.1.4203.666.1.200 maildrop=1.3.6.1.4.1.4203.666.1.201 postfixbookmailaccount=1.3.6.1.4.1.29426.1.2.2.1
postfixbookmailforward=1.3.6.1.4.1.29426.1.2.2.2 postfixuser=1.3.6.1.4.1.4203.666.1.100 sambalmpassword=1.3.6.1.4.1.7165.2.1.24
sambantpassword=1.3.6.1.4.1.7165.2.1.25 sambaacctflags=1.3.6.1.4.1.7165.2.1.26 sambapwdlastset=1.3.6.1.4.1.7165.2.1.27
sambapwdcanchange=1.3.6.1.4.1.7165.2.1.28 sambapwdmustchange=1.3.6.1.4.1.7165.2.1.29 sambalogontime=1.3.6.1.4.1.7165.2.1.30
sambalogofftime=1.3.6.1.4.1.7165.2.1.31 sambakickofftime=1.3.6.1.4.1.7165.2.1.32 sambabadpasswordcount=1.3.6.1.4.1.7165.2.1.48
sambabadpasswordtime=1.3.6.1.4.1.7165.2.1.49 sambalogonhours=1.3.6.1.4.1.7165.2.1.55 sambahomedrive=1.3.6.1.4.1.7165.2.1.33
sambalogonscript=1.3.6.1.4.1.7165.2.1.34 sambaprofilepath=1.3.6.1.4.1.7165.2.1.35 sambauserworkstations=1.3.6.1.4.1.7165.2.1.36
sambahomepath=1.3.6.1.4.1.7165.2.1.37 sambadomainname=1.3.6.1.4.1.7165.2.1.38 sambamungeddial=1.3.6.1.4.1.7165.2.1.47
sambapasswordhistory=1.3.6.1.4.1.7165.2.1.54 sambasid=1.3.6.1.4.1.7165.2.1.20 sambaprimarygroupsid=1.3.6.1.4.1.7165.2.1.23
sambasidlist=1.3.6.1.4.1.7165.2.1.51 sambagrouptype=1.3.6.1.4.1.7165.2.1.19 sambanextuserrid=1.3.6.1.4.1.7165.2.1.21
sambanextgrouprid=1.3.6.1.4.1.7165.2.1.22 sambanextrid=1.3.6.1.4.1.7165.2.1.39 sambaalgorithmicridbase=1.3.6.1.4.1.7165.2.1.40
sambasharename=1.3.6.1.4.1.7165.2.1.41 sambaoptionname=1.3.6.1.4.1.7165.2.1.42 sambabooloption=1.3.6.1.4.1.7165.2.1.43
sambaintegeroption=1.3.6.1.4.1.7165.2.1.44 sambastringoption=1.3.6.1.4.1.7165.2.1.45 sambastringlistoption=1.3.6.1.4.1.7165.2.1.46
sambatrustflags=1.3.6.1.4.1.7165.2.1.53 sambaminpwdlength=1.3.6.1.4.1.7165.2.1.58 sambapwdhistorylength=1.3.6.1.4.1.7165.2.1.59
sambalogontochgpwd=1.3.6.1.4.1.7165.2.1.60 sambamaxpwdage=1.3.6.1.4.1.7165.2.1.61 sambaminpwdage=1.3.6.1.4.1.7165.2.1.62
sambalockoutduration=1.3.6.1.4.1.7165.2.1.63 sambalockoutobservationwindow=1.3.6.1.4.1.7165.2.1.64 sambalockoutthreshold=1.3.6.1.4.1.7165.2.1.65
sambaforcelogoff=1.3.6.1.4.1.7165.2.1.66 sambarefusemachinepwdchange=1.3.6.1.4.1.7165.2.1.67 sambacleartextpassword=1.3.6.1.4.1.7165.2.1.68
sambapreviouscleartextpassword=1.3.6.1.4.1.7165.2.1.69 sambatrusttype=1.3.6.1.4.1.7165.2.1.70 sambatrustattributes=1.3.6.1.4.1.7165.2.1.71
sambatrustdirection=1.3.6.1.4.1.7165.2.1.72 sambatrustpartner=1.3.6.1.4.1.7165.2.1.73 sambaflatname=1.3.6.1.4.1.7165.2.1.74
sambatrustauthoutgoing=1.3.6.1.4.1.7165.2.1.75 sambatrustauthincoming=1.3.6.1.4.1.7165.2.1.76 sambasecurityidentifier=1.3.6.1.4.1.7165.2.1.77
sambatrustforesttrustinfo=1.3.6.1.4.1.7165.2.1.78 sambatrustposixoffset=1.3.6.1.4.1.7165.2.1.79 sambasupportedencryptiontypes=1.3.6.1.4.1.7165.2.1.80
sambasamaccount=1.3.6.1.4.1.7165.2.2.6 sambagroupmapping=1.3.6.1.4.1.7165.2.2.4 sambatrustpassword=1.3.6.1.4.1.7165.2.2.14
sambatrusteddomainpassword=1.3.6.1.4.1.7165.2.2.15 sambadomain=1.3.6.1.4.1.7165.2.2.5 sambaunixidpool=1.3.6.1.4.1.7165.2.2.7
sambaidmapentry=1.3.6.1.4.1.7165.2.2.8 sambasidentry=1.3.6.1.4.1.7165.2.2.9 sambaconfig=1.3.6.1.4.1.7165.2.2.10 sambashare=1.3.6.1.4.1.7165.2.2.11
sambaconfigoption=1.3.6.1.4.1.7165.2.2.12 sambatrusteddomain=1.3.6.1.4.1.7165.2.2.16 krbprincipalname=2.16.840.1.113719.1.301.4.1.1
krbcanonicalname=1.2.840.113554.1.4.1.6.1 krbprincipaltype=2.16.840.1.113719.1.301.4.3.1 krbupenabled=2.16.840.1.113719.1.301.4.5.1
krbprincipalexpiration=2.16.840.1.113719.1.301.4.6.1 krbticketflags=2.16.840.1.113719.1.301.4.8.1 krbmaxticketlife=2.16.840.1.113719.1.301.4.9.1
krbmaxrenewableage=2.16.840.1.113719.1.301.4.10.1 krbrealmreferences=2.16.840.1.113719.1.301.4.14.1 krbldapservers=2.16.840.1.113719.1.301.4.15.1
krbkdcservers=2.16.840.1.113719.1.301.4.17.1 krbpwdservers=2.16.840.1.113719.1.301.4.18.1 krbhostserver=2.16.840.1.113719.1.301.4.24.1
krbsearchscope=2.16.840.1.113719.1.301.4.25.1 krbprincipalreferences=2.16.840.1.113719.1.301.4.26.1 krbprincnamingattr=2.16.840.1.113719.1.301.4.28.1
krbadmservers=2.16.840.1.113719.1.301.4.29.1 krbmaxpwdlife=2.16.840.1.113719.1.301.4.30.1 krbminpwdlife=2.16.840.1.113719.1.301.4.31.1
krbpwdmindiffchars=2.16.840.1.113719.1.301.4.32.1 krbpwdminlength=2.16.840.1.113719.1.301.4.33.1 krbpwdhistorylength=2.16.840.1.113719.1.301.4.34.1
krbpwdmaxfailure=1.3.6.1.4.1.5322.21.2.1 krbpwdfailurecountinterval=1.3.6.1.4.1.5322.21.2.2 krbpwdlockoutduration=1.3.6.1.4.1.5322.21.2.3
krbpwdattributes=1.2.840.113554.1.4.1.6.2 krbpwdmaxlife=1.2.840.113554.1.4.1.6.3 krbpwdmaxrenewablelife=1.2.840.113554.1.4.1.6.4
krbpwdallowedkeysalts=1.2.840.113554.1.4.1.6.5 krbpwdpolicyreference=2.16.840.1.113719.1.301.4.36.1
krbpasswordexpiration=2.16.840.1.113719.1.301.4.37.1 krbprincipalkey=2.16.840.1.113719.1.301.4.39.1
krbticketpolicyreference=2.16.840.1.113719.1.301.4.40.1 krbsubtrees=2.16.840.1.113719.1.301.4.41.1
krbdefaultencsalttypes=2.16.840.1.113719.1.301.4.42.1 krbsupportedencsalttypes=2.16.840.1.113719.1.301.4.43.1
krbpwdhistory=2.16.840.1.113719.1.301.4.44.1 krblastpwdchange=2.16.840.1.113719.1.301.4.45.1 krblastadminunlock=1.3.6.1.4.1.5322.21.2.5
krbmkey=2.16.840.1.113719.1.301.4.46.1 krbprincipalaliases=2.16.840.1.113719.1.301.4.47.1 krblastsuccessfulauth=2.16.840.1.113719.1.301.4.48.1
krblastfailedauth=2.16.840.1.113719.1.301.4.49.1 krbloginfailedcount=2.16.840.1.113719.1.301.4.50.1 krbextradata=2.16.840.1.113719.1.301.4.51.1
krbobjectreferences=2.16.840.1.113719.1.301.4.52.1 krbprinccontainerref=2.16.840.1.113719.1.301.4.53.1
krbprincipalauthind=2.16.840.1.113730.3.8.15.2.1 krballowedtodelegateto=1.3.6.1.4.1.5322.21.2.4 krbcontainer=2.16.840.1.113719.1.301.6.1.1
krbrealmcontainer=2.16.840.1.113719.1.301.6.2.1 krbservice=2.16.840.1.113719.1.301.6.3.1 krbkdcservice=2.16.840.1.113719.1.301.6.4.1
krbpwdservice=2.16.840.1.113719.1.301.6.5.1 krbprincipalaux=2.16.840.1.113719.1.301.6.8.1 krbprincipal=2.16.840.1.113719.1.301.6.9.1
krbprincrefaux=2.16.840.1.113719.1.301.6.11.1 krbadmservice=2.16.840.1.113719.1.301.6.13.1 krbpwdpolicy=2.16.840.1.113719.1.301.6.14.1
krbticketpolicyaux=2.16.840.1.113719.1.301.6.16.1 krbticketpolicy=2.16.840.1.113719.1.301.6.17.1 dhcpprimarydn=2.16.840.1.113719.1.203.4.1
dhcpsecondarydn=2.16.840.1.113719.1.203.4.2 dhcpstatements=2.16.840.1.113719.1.203.4.3 dhcprange=2.16.840.1.113719.1.203.4.4
dhcppermitlist=2.16.840.1.113719.1.203.4.5 dhcpnetmask=2.16.840.1.113719.1.203.4.6 dhcpoption=2.16.840.1.113719.1.203.4.7
dhcpclassdata=2.16.840.1.113719.1.203.4.8 dhcpoptionsdn=2.16.840.1.113719.1.203.4.9 dhcphostdn=2.16.840.1.113719.1.203.4.10
dhcppooldn=2.16.840.1.113719.1.203.4.11 dhcpgroupdn=2.16.840.1.113719.1.203.4.12 dhcpsubnetdn=2.16.840.1.113719.1.203.4.13
dhcpleasedn=2.16.840.1.113719.1.203.4.14 dhcpleasesdn=2.16.840.1.113719.1.203.4.15 dhcpclassesdn=2.16.840.1.113719.1.203.4.16
dhcpsubclassesdn=2.16.840.1.113719.1.203.4.17 dhcpsharednetworkdn=2.16.840.1.113719.1.203.4.18 dhcpservicedn=2.16.840.1.113719.1.203.4.19
dhcpversion=2.16.840.1.113719.1.203.4.20 dhcpimplementation=2.16.840.1.113719.1.203.4.21 dhcpaddressstate=2.16.840.1.113719.1.203.4.22
dhcpexpirationtime=2.16.840.1.113719.1.203.4.23 dhcpstarttimeofstate=2.16.840.1.113719.1.203.4.24 dhcplasttransactiontime=2.16.840.1.113719.1.203.4.25
dhcpbootpflag=2.16.840.1.113719.1.203.4.26 dhcpdomainname=2.16.840.1.113719.1.203.4.27 dhcpdnsstatus=2.16.840.1.113719.1.203.4.28
dhcprequestedhostname=2.16.840.1.113719.1.203.4.29 dhcpassignedhostname=2.16.840.1.113719.1.203.4.30
dhcpreservedforclient=2.16.840.1.113719.1.203.4.31 dhcpassignedtoclient=2.16.840.1.113719.1.203.4.32 dhcprelayagentinfo=2.16.840.1.113719.1.203.4.33
dhcphwaddress=2.16.840.1.113719.1.203.4.34 dhcphashbucketassignment=2.16.840.1.113719.1.203.4.35
dhcpdelayedserviceparameter=2.16.840.1.113719.1.203.4.36 dhcpmaxclientleadtime=2.16.840.1.113719.1.203.4.37
dhcpfailoverendpointstate=2.16.840.1.113719.1.203.4.38 dhcperrorlog=2.16.840.1.113719.1.203.4.39 dhcplocatordn=2.16.840.1.113719.1.203.4.40
dhcpkeyalgorithm=2.16.840.1.113719.1.203.4.41 dhcpkeysecret=2.16.840.1.113719.1.203.4.42 dhcpdnszoneserver=2.16.840.1.113719.1.203.4.43
dhcpkeydn=2.16.840.1.113719.1.203.4.44 dhcpzonedn=2.16.840.1.113719.1.203.4.45 dhcpfailoverprimaryserver=2.16.840.1.113719.1.203.4.46
dhcpfailoversecondaryserver=2.16.840.1.113719.1.203.4.47 dhcpfailoverprimaryport=2.16.840.1.113719.1.203.4.48
dhcpfailoversecondaryport=2.16.840.1.113719.1.203.4.49 dhcpfailoverresponsedelay=2.16.840.1.113719.1.203.4.50
dhcpfailoverunackedupdates=2.16.840.1.113719.1.203.4.51 dhcpfailoversplit=2.16.840.1.113719.1.203.4.52
dhcpfailoverloadbalancetime=2.16.840.1.113719.1.203.4.53 dhcpfailoverpeerdn=2.16.840.1.113719.1.203.4.54 dhcpserverdn=2.16.840.1.113719.1.203.4.55
dhcpcomments=2.16.840.1.113719.1.203.4.56 dhcpclientid=2.16.840.1.113719.1.203.4.57 dhcprange6=2.16.840.1.113719.1.203.4.58
dhcpservice=2.16.840.1.113719.1.203.6.1 dhcpsharednetwork=2.16.840.1.113719.1.203.6.2 dhcpsubnet=2.16.840.1.113719.1.203.6.3
dhcppool=2.16.840.1.113719.1.203.6.4 dhcpgroup=2.16.840.1.113719.1.203.6.5 dhcphost=2.16.840.1.113719.1.203.6.6 dhcpclass=2.16.840.1.113719.1.203.6.7
dhcpsubclass=2.16.840.1.113719.1.203.6.8 dhcpoptions=2.16.840.1.113719.1.203.6.9 dhcpleases=2.16.840.1.113719.1.203.6.10
dhcplog=2.16.840.1.113719.1.203.6.11 dhcpserver=2.16.840.1.113719.1.203.6.12 dhcptsigkey=2.16.840.1.113719.1.203.6.13
dhcpdnszone=2.16.840.1.113719.1.203.6.14 dhcpfailoverpeer=2.16.840.1.113719.1.203.6.15 dhcplocator=2.16.840.1.113719.1.203.6.16
dhcpsubnet6=2.16.840.1.113719.1.203.6.17 dhcppool6=2.16.840.1.113719.1.203.6.18 dnsttl=1.3.6.1.4.1.2428.20.0.0 dnsclass=1.3.6.1.4.1.2428.20.0.1
wksrecord=1.3.6.1.4.1.2428.20.1.11 ptrrecord=1.3.6.1.4.1.2428.20.1.12 hinforecord=1.3.6.1.4.1.2428.20.1.13 minforecord=1.3.6.1.4.1.2428.20.1.14
txtrecord=1.3.6.1.4.1.2428.20.1.16 rprecord=1.3.6.1.4.1.2428.20.1.17 afsdbrecord=1.3.6.1.4.1.2428.20.1.18 sigrecord=1.3.6.1.4.1.2428.20.1.24
keyrecord=1.3.6.1.4.1.2428.20.1.25 gposrecord=1.3.6.1.4.1.2428.20.1.27 aaaarecord=1.3.6.1.4.1.2428.20.1.28 locrecord=1.3.6.1.4.1.2428.20.1.29
nxtrecord=1.3.6.1.4.1.2428.20.1.30 srvrecord=1.3.6.1.4.1.2428.20.1.33 naptrrecord=1.3.6.1.4.1.2428.20.1.35 kxrecord=1.3.6.1.4.1.2428.20.1.36
certrecord=1.3.6.1.4.1.2428.20.1.37 a6record=1.3.6.1.4.1.2428.20.1.38 dnamerecord=1.3.6.1.4.1.2428.20.1.39 aplrecord=1.3.6.1.4.1.2428.20.1.42
dsrecord=1.3.6.1.4.1.2428.20.1.43 sshfprecord=1.3.6.1.4.1.2428.20.1.44 ipseckeyrecord=1.3.6.1.4.1.2428.20.1.45 rrsigrecord=1.3.6.1.4.1.2428.20.1.46
nsecrecord=1.3.6.1.4.1.2428.20.1.47 dnskeyrecord=1.3.6.1.4.1.2428.20.1.48 dhcidrecord=1.3.6.1.4.1.2428.20.1.49 nsec3record=1.3.6.1.4.1.2428.20.1.50
nsec3paramrecord=1.3.6.1.4.1.2428.20.1.51 tlsarecord=1.3.6.1.4.1.2428.20.1.52 cdsrecord=1.3.6.1.4.1.2428.20.1.59
cdnskeyrecord=1.3.6.1.4.1.2428.20.1.60 openpgpkeyrecord=1.3.6.1.4.1.2428.20.1.61 svcbrecord=1.3.6.1.4.1.2428.20.1.64
httpsrecord=1.3.6.1.4.1.2428.20.1.65 spfrecord=1.3.6.1.4.1.2428.20.1.99 eui48record=1.3.6.1.4.1.2428.20.1.108 eui64record=1.3.6.1.4.1.2428.20.1.109
tkeyrecord=1.3.6.1.4.1.2428.20.1.249 urirecord=1.3.6.1.4.1.2428.20.1.256 caarecord=1.3.6.1.4.1.2428.20.1.257 dlvrecord=1.3.6.1.4.1.2428.20.1.32769
type65226record=1.3.6.1.4.1.2428.20.1.65226 type65534record=1.3.6.1.4.1.2428.20.1.65534 dnsdomain2=1.3.6.1.4.1.2428.20.2
pdnsdomainid=1.3.6.1.4.1.27080.2.1.1 pdnsdomainnotifiedserial=1.3.6.1.4.1.27080.2.1.2 pdnsdomainlastcheck=1.3.6.1.4.1.27080.2.1.3
pdnsdomainmaster=1.3.6.1.4.1.27080.2.1.4 pdnsdomaintype=1.3.6.1.4.1.27080.2.1.5 pdnsrecordttl=1.3.6.1.4.1.27080.1.11
pdnsrecordnoauth=1.3.6.1.4.1.27080.1.12 pdnsrecordordername=1.3.6.1.4.1.27080.1.13 aliasrecord=1.3.6.1.4.1.27080.1.15
pdnsdomain=1.3.6.1.4.1.27080.2.2.1 pdnsrecorddata=1.3.6.1.4.1.27080.2.2.4 radiusarapfeatures=1.3.6.1.4.1.11344.4.3.1.1
radiusarapsecurity=1.3.6.1.4.1.11344.4.3.1.2 radiusarapzoneaccess=1.3.6.1.4.1.11344.4.3.1.3 radiusauthtype=1.3.6.1.4.1.11344.4.3.1.44
radiuscallbackid=1.3.6.1.4.1.11344.4.3.1.4 radiuscallbacknumber=1.3.6.1.4.1.11344.4.3.1.5 radiuscalledstationid=1.3.6.1.4.1.11344.4.3.1.6
radiuscallingstationid=1.3.6.1.4.1.11344.4.3.1.7 radiusclass=1.3.6.1.4.1.11344.4.3.1.8 radiusclientipaddress=1.3.6.1.4.1.11344.4.3.1.45
radiusfilterid=1.3.6.1.4.1.11344.4.3.1.9 radiusframedappletalklink=1.3.6.1.4.1.11344.4.3.1.10 radiusframedappletalknetwork=1.3.6.1.4.1.11344.4.3.1.11
radiusframedappletalkzone=1.3.6.1.4.1.11344.4.3.1.12 radiusframedcompression=1.3.6.1.4.1.11344.4.3.1.13
radiusframedipaddress=1.3.6.1.4.1.11344.4.3.1.14 radiusframedipnetmask=1.3.6.1.4.1.11344.4.3.1.15 radiusframedipxnetwork=1.3.6.1.4.1.11344.4.3.1.16
radiusframedmtu=1.3.6.1.4.1.11344.4.3.1.17 radiusframedprotocol=1.3.6.1.4.1.11344.4.3.1.18 radiusframedroute=1.3.6.1.4.1.11344.4.3.1.19
radiusframedrouting=1.3.6.1.4.1.11344.4.3.1.20 radiusgroupname=1.3.6.1.4.1.11344.4.3.1.46 radiushint=1.3.6.1.4.1.11344.4.3.1.47
radiushuntgroupname=1.3.6.1.4.1.11344.4.3.1.48 radiusidletimeout=1.3.6.1.4.1.11344.4.3.1.21 radiusloginiphost=1.3.6.1.4.1.11344.4.3.1.22
radiusloginlatgroup=1.3.6.1.4.1.11344.4.3.1.23 radiusloginlatnode=1.3.6.1.4.1.11344.4.3.1.24 radiusloginlatport=1.3.6.1.4.1.11344.4.3.1.25
radiusloginlatservice=1.3.6.1.4.1.11344.4.3.1.26 radiusloginservice=1.3.6.1.4.1.11344.4.3.1.27 radiuslogintcpport=1.3.6.1.4.1.11344.4.3.1.28
radiuspasswordretry=1.3.6.1.4.1.11344.4.3.1.29 radiusportlimit=1.3.6.1.4.1.11344.4.3.1.30 radiusprofiledn=1.3.6.1.4.1.11344.4.3.1.49
radiusprompt=1.3.6.1.4.1.11344.4.3.1.31 radiusproxytorealm=1.3.6.1.4.1.11344.4.3.1.50 radiusreplicatetorealm=1.3.6.1.4.1.11344.4.3.1.51
radiusrealm=1.3.6.1.4.1.11344.4.3.1.52 radiusservicetype=1.3.6.1.4.1.11344.4.3.1.32 radiussessiontimeout=1.3.6.1.4.1.11344.4.3.1.33
radiusterminationaction=1.3.6.1.4.1.11344.4.3.1.34 radiustunnelassignmentid=1.3.6.1.4.1.11344.4.3.1.35
radiustunnelmediumtype=1.3.6.1.4.1.11344.4.3.1.36 radiustunnelpassword=1.3.6.1.4.1.11344.4.3.1.37 radiustunnelpreference=1.3.6.1.4.1.11344.4.3.1.38
radiustunnelprivategroupid=1.3.6.1.4.1.11344.4.3.1.39 radiustunnelserverendpoint=1.3.6.1.4.1.11344.4.3.1.40
radiustunneltype=1.3.6.1.4.1.11344.4.3.1.41 radiusvsa=1.3.6.1.4.1.11344.4.3.1.42 radiustunnelclientendpoint=1.3.6.1.4.1.11344.4.3.1.43
radiussimultaneoususe=1.3.6.1.4.1.11344.4.3.1.53 radiuslogintime=1.3.6.1.4.1.11344.4.3.1.54 radiususercategory=1.3.6.1.4.1.11344.4.3.1.55
radiusstripusername=1.3.6.1.4.1.11344.4.3.1.56 dialupaccess=1.3.6.1.4.1.11344.4.3.1.57 radiusexpiration=1.3.6.1.4.1.11344.4.3.1.58
radiusattribute=1.3.6.1.4.1.11344.4.3.1.59 radiusnasipaddress=1.3.6.1.4.1.11344.4.3.1.61 radiusreplymessage=1.3.6.1.4.1.11344.4.3.1.62
radiuscontrolattribute=1.3.6.1.4.1.11344.4.3.1.63 radiusreplyattribute=1.3.6.1.4.1.11344.4.3.1.64 radiusrequestattribute=1.3.6.1.4.1.11344.4.3.1.65
radiusprofile=1.3.6.1.4.1.11344.4.3.2.1 radiusobjectprofile=1.3.6.1.4.1.11344.4.3.2.2 radiusclientidentifier=1.3.6.1.4.1.11344.1.100.2.1
radiusclientsecret=1.3.6.1.4.1.11344.1.100.2.2 radiusclientshortname=1.3.6.1.4.1.11344.1.100.2.3 radiusclientvirtualserver=1.3.6.1.4.1.11344.1.100.2.4
radiusclienttype=1.3.6.1.4.1.11344.1.100.2.5 radiusclientrequirema=1.3.6.1.4.1.11344.1.100.2.6 radiusclientcomment=1.3.6.1.4.1.11344.1.100.2.7
radiusclient=1.3.6.1.4.1.11344.1.100.1.1 ftpquotafiles=1.3.6.1.4.1.6981.11.3.1 ftpquotambytes=1.3.6.1.4.1.6981.11.3.2
ftpuploadratio=1.3.6.1.4.1.6981.11.3.3 ftpdownloadratio=1.3.6.1.4.1.6981.11.3.4 ftpuploadbandwidth=1.3.6.1.4.1.6981.11.3.5
ftpdownloadbandwidth=1.3.6.1.4.1.6981.11.3.6 ftpstatus=1.3.6.1.4.1.6981.11.3.7 ftpuid=1.3.6.1.4.1.6981.11.3.8 ftpgid=1.3.6.1.4.1.6981.11.3.9
pureftpduser=1.3.6.1.4.1.6981.11.2.3
`;

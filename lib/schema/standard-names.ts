/**
 * Names of the standard schema elements, fixed in code, so that objectIdentifierMatch means the same on every replica.
 *
 * Each item is a canonical name, '=', its OID, and '=' before each other name, all in lower case; '~' stands for our own arc. Owns names
 * only; the elements themselves are schema/*.ldif, and a test says which items are missing here. An identifier that is not here stands
 * for itself. Items are added and never changed: normal forms made from them travel and are stored.
 */
import { CONFIG_NAMES } from './config-names.js';
import { PRODUCT_NAMES } from './product-names.js';

const OWN_ARC = '2.25.106979801653467080826045286574582475051';

const NAMES = `
top=2.5.6.0 alias=2.5.6.1 subschema=2.5.20.1 extensibleobject=1.3.6.1.4.1.1466.101.120.111 subentry=2.5.17.0
collectiveattributesubentry=2.5.17.2 applicationprocess=2.5.6.11 country=2.5.6.2
dcobject=1.3.6.1.4.1.1466.344 device=2.5.6.14 groupofnames=2.5.6.9 groupofuniquenames=2.5.6.17
locality=2.5.6.3 organization=2.5.6.4 person=2.5.6.6 organizationalperson=2.5.6.7 organizationalrole=2.5.6.8
organizationalunit=2.5.6.5 residentialperson=2.5.6.10 uidobject=1.3.6.1.1.3.1
account=0.9.2342.19200300.100.4.5 document=0.9.2342.19200300.100.4.6
documentseries=0.9.2342.19200300.100.4.9 domain=0.9.2342.19200300.100.4.13
domainrelatedobject=0.9.2342.19200300.100.4.17 friendlycountry=0.9.2342.19200300.100.4.18
rfc822localpart=0.9.2342.19200300.100.4.14 room=0.9.2342.19200300.100.4.7
simplesecurityobject=0.9.2342.19200300.100.4.19 inetorgperson=2.16.840.1.113730.3.2.2
labeleduriobject=1.3.6.1.4.1.250.3.15 strongauthenticationuser=2.5.6.15 certificationauthority=2.5.6.16
certificationauthority-v2=2.5.6.16.2 usersecurityinformation=2.5.6.18 crldistributionpoint=2.5.6.19
pkiuser=2.5.6.21 pkica=2.5.6.22 deltacrl=2.5.6.23 posixaccount=1.3.6.1.1.1.2.0 shadowaccount=1.3.6.1.1.1.2.1
posixgroup=1.3.6.1.1.1.2.2 ipservice=1.3.6.1.1.1.2.3 ipprotocol=1.3.6.1.1.1.2.4 oncrpc=1.3.6.1.1.1.2.5
iphost=1.3.6.1.1.1.2.6 ipnetwork=1.3.6.1.1.1.2.7 nisnetgroup=1.3.6.1.1.1.2.8 nismap=1.3.6.1.1.1.2.9
nisobject=1.3.6.1.1.1.2.10 ieee802device=1.3.6.1.1.1.2.11 bootabledevice=1.3.6.1.1.1.2.12
niskeyobject=1.3.6.1.1.1.2.14 nisdomainobject=1.3.6.1.1.1.2.15 automountmap=1.3.6.1.1.1.2.16
automount=1.3.6.1.1.1.2.17 groupofmembers=1.3.6.1.1.1.2.18 namedobject=1.3.6.1.4.1.5322.13.1.1
authpasswordobject=1.3.6.1.4.1.4203.1.4.7 referral=2.16.840.1.113730.3.2.6
dynamicobject=1.3.6.1.4.1.1466.101.119.2 groupofurls=2.16.840.1.113730.3.2.33
groupofentries=1.2.826.0.1.3458854.2.1.1.1 pwdpolicy=1.3.6.1.4.1.42.2.27.8.2.1
changelogentry=2.16.840.1.113730.3.2.1 monitor=1.3.6.1.4.1.4203.666.3.16.1
monitorserver=1.3.6.1.4.1.4203.666.3.16.2 monitorcontainer=1.3.6.1.4.1.4203.666.3.16.3
monitorcounterobject=1.3.6.1.4.1.4203.666.3.16.4 monitoroperation=1.3.6.1.4.1.4203.666.3.16.5
monitorconnection=1.3.6.1.4.1.4203.666.3.16.6 managedobject=1.3.6.1.4.1.4203.666.3.16.7
monitoredobject=1.3.6.1.4.1.4203.666.3.16.8 ds-root-dse=~.2.1 ds-monitor-entry=~.2.2 ds-lost-and-found=~.2.3
ds-container=~.2.4 ldappublickey=1.3.6.1.4.1.24552.500.1.1.2.0 sudorole=1.3.6.1.4.1.15953.9.2.1
authorizedserviceobject=1.3.6.1.4.1.5322.17.1.1 hostobject=1.3.6.1.4.1.5322.17.1.2 objectclass=2.5.4.0
aliasedobjectname=2.5.4.1=aliasedentryname createtimestamp=2.5.18.1 modifytimestamp=2.5.18.2
creatorsname=2.5.18.3 modifiersname=2.5.18.4 subschemasubentry=2.5.18.10 structuralobjectclass=2.5.21.9
governingstructurerule=2.5.21.10 ditstructurerules=2.5.21.1 ditcontentrules=2.5.21.2 matchingrules=2.5.21.4
attributetypes=2.5.21.5 objectclasses=2.5.21.6 nameforms=2.5.21.7 matchingruleuse=2.5.21.8
ldapsyntaxes=1.3.6.1.4.1.1466.101.120.16 namingcontexts=1.3.6.1.4.1.1466.101.120.5
altserver=1.3.6.1.4.1.1466.101.120.6 supportedextension=1.3.6.1.4.1.1466.101.120.7
supportedcontrol=1.3.6.1.4.1.1466.101.120.13 supportedsaslmechanisms=1.3.6.1.4.1.1466.101.120.14
supportedldapversion=1.3.6.1.4.1.1466.101.120.15 supportedfeatures=1.3.6.1.4.1.4203.1.3.5
administrativerole=2.5.18.5 excludeallcollectiveattributes=2.5.18.0 autonomousarea=2.5.23.1
accesscontrolspecificarea=2.5.23.2 accesscontrolinnerarea=2.5.23.3 subschemaadminspecificarea=2.5.23.4
collectiveattributespecificarea=2.5.23.5 collectiveattributeinnerarea=2.5.23.6 subtreespecification=2.5.18.6 collectiveexclusions=2.5.18.7
hassubordinates=2.5.18.9 collectiveattributesubentries=2.5.18.12 name=2.5.4.41 distinguishedname=2.5.4.49
businesscategory=2.5.4.15 c=2.5.4.6=countryname cn=2.5.4.3=commonname
dc=0.9.2342.19200300.100.1.25=domaincomponent description=2.5.4.13 destinationindicator=2.5.4.27
dnqualifier=2.5.4.46 enhancedsearchguide=2.5.4.47 facsimiletelephonenumber=2.5.4.23=fax
generationqualifier=2.5.4.44 givenname=2.5.4.42=gn houseidentifier=2.5.4.51 initials=2.5.4.43
internationalisdnnumber=2.5.4.25 l=2.5.4.7=localityname member=2.5.4.31 o=2.5.4.10=organizationname
ou=2.5.4.11=organizationalunitname owner=2.5.4.32 physicaldeliveryofficename=2.5.4.19 postaladdress=2.5.4.16
postalcode=2.5.4.17 postofficebox=2.5.4.18 preferreddeliverymethod=2.5.4.28 registeredaddress=2.5.4.26
roleoccupant=2.5.4.33 searchguide=2.5.4.14 seealso=2.5.4.34 serialnumber=2.5.4.5 sn=2.5.4.4=surname
st=2.5.4.8=stateorprovincename street=2.5.4.9=streetaddress telephonenumber=2.5.4.20
teletexterminalidentifier=2.5.4.22 telexnumber=2.5.4.21 title=2.5.4.12 uid=0.9.2342.19200300.100.1.1=userid
uniquemember=2.5.4.50 userpassword=2.5.4.35 x121address=2.5.4.24 x500uniqueidentifier=2.5.4.45
associateddomain=0.9.2342.19200300.100.1.37 associatedname=0.9.2342.19200300.100.1.38
buildingname=0.9.2342.19200300.100.1.48 co=0.9.2342.19200300.100.1.43=friendlycountryname
documentauthor=0.9.2342.19200300.100.1.14 documentidentifier=0.9.2342.19200300.100.1.11
documentlocation=0.9.2342.19200300.100.1.15 documentpublisher=0.9.2342.19200300.100.1.56
documenttitle=0.9.2342.19200300.100.1.12 documentversion=0.9.2342.19200300.100.1.13
drink=0.9.2342.19200300.100.1.5=favouritedrink homephone=0.9.2342.19200300.100.1.20=hometelephonenumber
homepostaladdress=0.9.2342.19200300.100.1.39 host=0.9.2342.19200300.100.1.9 info=0.9.2342.19200300.100.1.4
mail=0.9.2342.19200300.100.1.3=rfc822mailbox manager=0.9.2342.19200300.100.1.10
mobile=0.9.2342.19200300.100.1.41=mobiletelephonenumber organizationalstatus=0.9.2342.19200300.100.1.45
pager=0.9.2342.19200300.100.1.42=pagertelephonenumber personaltitle=0.9.2342.19200300.100.1.40
roomnumber=0.9.2342.19200300.100.1.6 secretary=0.9.2342.19200300.100.1.21
uniqueidentifier=0.9.2342.19200300.100.1.44 userclass=0.9.2342.19200300.100.1.8
photo=0.9.2342.19200300.100.1.7 audio=0.9.2342.19200300.100.1.55 othermailbox=0.9.2342.19200300.100.1.22
ditredirect=0.9.2342.19200300.100.1.54 usercertificate=2.5.4.36 cacertificate=2.5.4.37
authorityrevocationlist=2.5.4.38 certificaterevocationlist=2.5.4.39 crosscertificatepair=2.5.4.40
supportedalgorithms=2.5.4.52 deltarevocationlist=2.5.4.53 labeleduri=1.3.6.1.4.1.250.1.57
emailaddress=1.2.840.113549.1.9.1=email=pkcs9email carlicense=2.16.840.1.113730.3.1.1
departmentnumber=2.16.840.1.113730.3.1.2 displayname=2.16.840.1.113730.3.1.241
employeenumber=2.16.840.1.113730.3.1.3 employeetype=2.16.840.1.113730.3.1.4
jpegphoto=0.9.2342.19200300.100.1.60 preferredlanguage=2.16.840.1.113730.3.1.39
usersmimecertificate=2.16.840.1.113730.3.1.40 userpkcs12=2.16.840.1.113730.3.1.216 uidnumber=1.3.6.1.1.1.1.0
gidnumber=1.3.6.1.1.1.1.1 gecos=1.3.6.1.1.1.1.2 homedirectory=1.3.6.1.1.1.1.3 loginshell=1.3.6.1.1.1.1.4
shadowlastchange=1.3.6.1.1.1.1.5 shadowmin=1.3.6.1.1.1.1.6 shadowmax=1.3.6.1.1.1.1.7
shadowwarning=1.3.6.1.1.1.1.8 shadowinactive=1.3.6.1.1.1.1.9 shadowexpire=1.3.6.1.1.1.1.10
shadowflag=1.3.6.1.1.1.1.11 memberuid=1.3.6.1.1.1.1.12 membernisnetgroup=1.3.6.1.1.1.1.13
nisnetgrouptriple=1.3.6.1.1.1.1.14 ipserviceport=1.3.6.1.1.1.1.15 ipserviceprotocol=1.3.6.1.1.1.1.16
ipprotocolnumber=1.3.6.1.1.1.1.17 oncrpcnumber=1.3.6.1.1.1.1.18 iphostnumber=1.3.6.1.1.1.1.19
ipnetworknumber=1.3.6.1.1.1.1.20 ipnetmasknumber=1.3.6.1.1.1.1.21 macaddress=1.3.6.1.1.1.1.22
bootparameter=1.3.6.1.1.1.1.23 bootfile=1.3.6.1.1.1.1.24 nismapname=1.3.6.1.1.1.1.26
nismapentry=1.3.6.1.1.1.1.27 nispublickey=1.3.6.1.1.1.1.28 nissecretkey=1.3.6.1.1.1.1.29
nisdomain=1.3.6.1.1.1.1.30 automountmapname=1.3.6.1.1.1.1.31 automountkey=1.3.6.1.1.1.1.32
automountinformation=1.3.6.1.1.1.1.33 entryuuid=1.3.6.1.1.16.4 entrydn=1.3.6.1.1.20 vendorname=1.3.6.1.1.4
vendorversion=1.3.6.1.1.5 supportedauthpasswordschemes=1.3.6.1.4.1.4203.1.3.3
authpassword=1.3.6.1.4.1.4203.1.3.4 ref=2.16.840.1.113730.3.1.34 entryttl=1.3.6.1.4.1.1466.101.119.3
dynamicsubtrees=1.3.6.1.4.1.1466.101.119.4 memberof=1.2.840.113556.1.2.102
ismemberof=1.3.6.1.4.1.42.2.27.9.1.792 memberurl=2.16.840.1.113730.3.1.198
pwdattribute=1.3.6.1.4.1.42.2.27.8.1.1 pwdminage=1.3.6.1.4.1.42.2.27.8.1.2
pwdmaxage=1.3.6.1.4.1.42.2.27.8.1.3 pwdinhistory=1.3.6.1.4.1.42.2.27.8.1.4
pwdcheckquality=1.3.6.1.4.1.42.2.27.8.1.5 pwdminlength=1.3.6.1.4.1.42.2.27.8.1.6
pwdmaxlength=1.3.6.1.4.1.42.2.27.8.1.31 pwdexpirewarning=1.3.6.1.4.1.42.2.27.8.1.7
pwdgraceauthnlimit=1.3.6.1.4.1.42.2.27.8.1.8 pwdgraceexpiry=1.3.6.1.4.1.42.2.27.8.1.30
pwdlockout=1.3.6.1.4.1.42.2.27.8.1.9 pwdlockoutduration=1.3.6.1.4.1.42.2.27.8.1.10
pwdmaxfailure=1.3.6.1.4.1.42.2.27.8.1.11 pwdfailurecountinterval=1.3.6.1.4.1.42.2.27.8.1.12
pwdmaxrecordedfailure=1.3.6.1.4.1.42.2.27.8.1.32 pwdmustchange=1.3.6.1.4.1.42.2.27.8.1.13
pwdallowuserchange=1.3.6.1.4.1.42.2.27.8.1.14 pwdsafemodify=1.3.6.1.4.1.42.2.27.8.1.15
pwdmindelay=1.3.6.1.4.1.42.2.27.8.1.24 pwdmaxdelay=1.3.6.1.4.1.42.2.27.8.1.25
pwdmaxidle=1.3.6.1.4.1.42.2.27.8.1.26 pwdchangedtime=1.3.6.1.4.1.42.2.27.8.1.16
pwdaccountlockedtime=1.3.6.1.4.1.42.2.27.8.1.17 pwdfailuretime=1.3.6.1.4.1.42.2.27.8.1.19
pwdhistory=1.3.6.1.4.1.42.2.27.8.1.20 pwdgraceusetime=1.3.6.1.4.1.42.2.27.8.1.21
pwdreset=1.3.6.1.4.1.42.2.27.8.1.22 pwdpolicysubentry=1.3.6.1.4.1.42.2.27.8.1.23
pwdstarttime=1.3.6.1.4.1.42.2.27.8.1.27 pwdendtime=1.3.6.1.4.1.42.2.27.8.1.28
pwdlastsuccess=1.3.6.1.4.1.42.2.27.8.1.29 pwdaccounttmplockoutend=1.3.6.1.4.1.42.2.27.8.1.33
numsubordinates=1.3.6.1.4.1.453.16.2.103 etag=1.3.6.1.4.1.36733.2.1.1.59
nsuniqueid=2.16.840.1.113730.3.1.542 nsaccountlock=2.16.840.1.113730.3.1.610 aci=2.16.840.1.113730.3.1.55
aclrights=1.3.6.1.4.1.42.2.27.9.1.39 aclrightsinfo=1.3.6.1.4.1.42.2.27.9.1.40
entrycsn=1.3.6.1.4.1.4203.666.1.7 contextcsn=1.3.6.1.4.1.4203.666.1.25
configcontext=1.3.6.1.4.1.4203.1.12.2.1 monitorcontext=1.3.6.1.4.1.4203.666.1.10 defaultnamingcontext=~.1.1
lastusn=~.1.2 firstchangenumber=~.1.3 lastchangenumber=~.1.4 lastexternalchangelogcookie=~.1.70 supportedtlsprotocols=~.1.5
supportedtlsciphers=~.1.6 ds-private-naming-contexts=~.1.7 changelog=2.16.840.1.113730.3.1.35 entryusn=~.1.8
ds-sync-conflict=~.1.9 ds-sync-hist=~.1.10 ds-sync-state=~.1.11 ds-sync-generation-id=~.1.12
ds-sync-schema-violation=~.1.55 ds-topology-server=~.1.80 ds-topology-secret=~.1.81 ds-topology=~.2.8
lastknownparent=~.1.13 isdeleted=~.1.14 changenumber=2.16.840.1.113730.3.1.5
targetdn=2.16.840.1.113730.3.1.6 changetype=2.16.840.1.113730.3.1.7 changes=2.16.840.1.113730.3.1.8
newrdn=2.16.840.1.113730.3.1.9 deleteoldrdn=2.16.840.1.113730.3.1.10 newsuperior=2.16.840.1.113730.3.1.11
changetime=2.16.840.1.113730.3.1.77 replicationcsn=~.1.16 replicaidentifier=~.1.17 targetentryuuid=~.1.18
changelogcookie=~.1.19 changeinitiatorsname=~.1.20 includedattributes=~.1.21
monitoredinfo=1.3.6.1.4.1.4203.666.1.55.1 managedinfo=1.3.6.1.4.1.4203.666.1.55.2
monitorcounter=1.3.6.1.4.1.4203.666.1.55.3 monitoropcompleted=1.3.6.1.4.1.4203.666.1.55.4
monitoropinitiated=1.3.6.1.4.1.4203.666.1.55.5 monitorconnectionnumber=1.3.6.1.4.1.4203.666.1.55.6
monitorconnectionauthzdn=1.3.6.1.4.1.4203.666.1.55.7
monitorconnectionlocaladdress=1.3.6.1.4.1.4203.666.1.55.8
monitorconnectionpeeraddress=1.3.6.1.4.1.4203.666.1.55.9 monitortimestamp=1.3.6.1.4.1.4203.666.1.55.10
monitoroverlay=1.3.6.1.4.1.4203.666.1.55.11 readonly=1.3.6.1.4.1.4203.666.1.55.12
restrictedoperation=1.3.6.1.4.1.4203.666.1.55.13 monitorconnectionprotocol=1.3.6.1.4.1.4203.666.1.55.14
monitorconnectionopsreceived=1.3.6.1.4.1.4203.666.1.55.15
monitorconnectionopsexecuting=1.3.6.1.4.1.4203.666.1.55.16
monitorconnectionopspending=1.3.6.1.4.1.4203.666.1.55.17
monitorconnectionopscompleted=1.3.6.1.4.1.4203.666.1.55.18 monitorconnectionget=1.3.6.1.4.1.4203.666.1.55.19
monitorconnectionread=1.3.6.1.4.1.4203.666.1.55.20 monitorconnectionwrite=1.3.6.1.4.1.4203.666.1.55.21
monitorconnectionmask=1.3.6.1.4.1.4203.666.1.55.22 monitorconnectionlistener=1.3.6.1.4.1.4203.666.1.55.23
monitorconnectionpeerdomain=1.3.6.1.4.1.4203.666.1.55.24
monitorconnectionstarttime=1.3.6.1.4.1.4203.666.1.55.25
monitorconnectionactivitytime=1.3.6.1.4.1.4203.666.1.55.26 domain-name=~.1.22 connected-to=~.1.23
status=~.1.24=replication-status server-state=~.1.25 generation-id=~.1.26 server-id=~.1.27
replication-server-id=~.1.28 missing-changes=~.1.29 approximate-delay=~.1.30
approx-older-change-not-synchronized=~.1.31 approx-older-change-not-synchronized-millis=~.1.32
sent-updates=~.1.33 received-updates=~.1.34 pending-updates=~.1.35 replayed-updates=~.1.36
replayed-updates-ok=~.1.37 resolved-modify-conflicts=~.1.38 resolved-naming-conflicts=~.1.39
unresolved-naming-conflicts=~.1.40 lost-connections=~.1.41 current-send-window=~.1.42
current-rcv-window=~.1.43 max-send-window=~.1.44 max-rcv-window=~.1.45 queue-size=~.1.46 disk-free=~.1.47
disk-state=~.1.48 ds-sync-fractional-exclude=~.1.200 ds-sync-fractional-include=~.1.201
conflict-kind=~.1.49 conflict-loser=~.1.50 conflict-winner=~.1.51
conflict-attribute=~.1.52 conflict-value=~.1.53 conflict-entry=~.1.54 conflict-resolved=~.1.202
conflict-named-by=~.1.204
ds-sync-conflict-resolved=~.1.203
server-site=~.1.180 server-runs=~.1.181 server-standing=~.1.182 replication-address=~.1.183
ldap-address=~.1.184 ldaps-address=~.1.185 http-address=~.1.186 server-joined=~.1.187 alert-code=~.1.188
alert-severity=~.1.189 alert-about=~.1.190 alert-reason=~.1.191 alert-advice=~.1.192
sshpublickey=1.3.6.1.4.1.24552.500.1.1.1.13 sudouser=1.3.6.1.4.1.15953.9.1.1
sudohost=1.3.6.1.4.1.15953.9.1.2 sudocommand=1.3.6.1.4.1.15953.9.1.3 sudorunas=1.3.6.1.4.1.15953.9.1.4
sudooption=1.3.6.1.4.1.15953.9.1.5 sudorunasuser=1.3.6.1.4.1.15953.9.1.6
sudorunasgroup=1.3.6.1.4.1.15953.9.1.7 sudonotbefore=1.3.6.1.4.1.15953.9.1.8
sudonotafter=1.3.6.1.4.1.15953.9.1.9 sudoorder=1.3.6.1.4.1.15953.9.1.10
authorizedservice=1.3.6.1.4.1.5322.17.2.1 loginstatus=1.3.6.1.4.1.5322.17.2.2
`;

const KEYS = buildKeys();

/** The canonical lower-case name of an OID or descriptor; itself in lower case when it is not standard. */
export function elementKey(nameOrOid: string): string {
  const known = KEYS.get(nameOrOid);
  if (known !== undefined) return known;
  const lower = nameOrOid.toLowerCase();
  return KEYS.get(lower) ?? lower;
}

/** Whether it is the name in the fixed table that others stand for. */
export function isStandardKey(key: string): boolean {
  return KEYS.get(key) === key;
}

function buildKeys(): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const item of `${NAMES.trim()}${PRODUCT_NAMES.trimEnd()}${CONFIG_NAMES.trimEnd()}`
    .replaceAll('\n', ' ')
    .split(' ')) {
    const names = item.split('=');
    for (const name of names)
      keys.set(name.startsWith('~') ? OWN_ARC + name.slice(1) : name, names[0] as string);
  }
  return keys;
}

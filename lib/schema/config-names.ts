/**
 * Names of the schema elements of cn=config (schema/20-config.ldif), in the form of standard-names.ts, which reads them. Made from the option table by
 * `npm run reference`; do not edit.
 */

export const CONFIG_NAMES = `
polyarch-cfg-domains=~.20.760125320 polyarch-cfg-initialize-when-empty=~.20.553307084
polyarch-cfg-initialize-when-behind=~.20.143006483 polyarch-cfg-default-referral=~.20.1282160330
polyarch-cfg-topology=~.20.2092876262 polyarch-cfg-peers=~.20.759290844
polyarch-cfg-peer-addresses=~.20.775049742 polyarch-cfg-read-only=~.20.1287941364
polyarch-cfg-write-referral=~.20.1754296960 polyarch-cfg-durability=~.20.1517620232
polyarch-cfg-uniqueness=~.20.1726508991 polyarch-cfg-indexes=~.20.1348886449
polyarch-cfg-server-id=~.20.1142175726 polyarch-cfg-server-name=~.20.2073278568
polyarch-cfg-server-site=~.20.2015447240 polyarch-cfg-server-runs=~.20.109973653
polyarch-cfg-replication-compression=~.20.1083815000
polyarch-cfg-replication-bandwidth-kbit=~.20.1914671234
polyarch-cfg-replication-source-address=~.20.400356322
polyarch-cfg-replication-evict-after-days=~.20.549442192
polyarch-cfg-replication-when-isolated=~.20.37460334
polyarch-cfg-changelog-max-age-hours=~.20.1915860252 polyarch-cfg-changelog-max-mib=~.20.1138258401
polyarch-cfg-changelog-min-free-mib=~.20.362701494 polyarch-cfg-changelog-enabled=~.20.506659271
polyarch-cfg-changelog-readers=~.20.668200962 polyarch-cfg-changelog-include=~.20.1652658282
polyarch-cfg-changelog-include-for-deletes=~.20.1842405317
polyarch-cfg-changelog-silent-seconds=~.20.1769824999
polyarch-cfg-deleted-entries-keep-days=~.20.1395464599
polyarch-cfg-conflicts-keep-days=~.20.1382321616 polyarch-cfg-assured-mode=~.20.1816060366
polyarch-cfg-assured-level=~.20.1790873945 polyarch-cfg-assured-timeout-ms=~.20.1030478699
polyarch-cfg-assured-tell=~.20.1669507998 polyarch-cfg-assured-servers=~.20.775127967
polyarch-cfg-assured-domains=~.20.506456250 polyarch-cfg-backup-schedule=~.20.2097192733
polyarch-cfg-backup-increment-minutes=~.20.803107409 polyarch-cfg-backup-folder=~.20.1020317076
polyarch-cfg-backup-key-file=~.20.230382048 polyarch-cfg-backup-keep-days=~.20.1204312151
polyarch-cfg-backup-keep-chains=~.20.1581138106 polyarch-cfg-alerts-every-seconds=~.20.798407090
polyarch-cfg-alerts-command=~.20.383712044 polyarch-cfg-fraction-exclude=~.20.86449006
polyarch-cfg-fraction-include=~.20.1324721432 polyarch-cfg-fraction-domains=~.20.1312313657
polyarch-cfg-listen-ldap=~.20.1586045454 polyarch-cfg-listen-ldaps=~.20.1323387591
polyarch-cfg-listen-ldapi=~.20.954279973 polyarch-cfg-listen-replication=~.20.582235511
polyarch-cfg-listen-http=~.20.197473511 polyarch-cfg-advertise-ldap=~.20.476317478
polyarch-cfg-advertise-ldaps=~.20.108497615 polyarch-cfg-advertise-replication=~.20.2036190687
polyarch-cfg-advertise-http=~.20.741098655 polyarch-cfg-admin-dn=~.20.221359171
polyarch-cfg-admin-password-hash=~.20.255321603 polyarch-cfg-tls-certificate=~.20.577319834
polyarch-cfg-tls-key=~.20.1586043730 polyarch-cfg-tls-ca=~.20.1951473627
polyarch-cfg-tls-ca-key=~.20.1173798441 polyarch-cfg-tls-request-client-certificates=~.20.1006156771
polyarch-cfg-access-proxies=~.20.447773004 polyarch-cfg-binds-version2=~.20.1663890102
polyarch-cfg-binds-without-password=~.20.1803022454
polyarch-cfg-binds-passwords-need-tls=~.20.1626828153
polyarch-cfg-sasl-certificate-attribute=~.20.282705771
polyarch-cfg-passwords-cache-seconds=~.20.999950120 polyarch-cfg-passwords-scram=~.20.1788840436
polyarch-cfg-passwords-scram-iterations=~.20.985733259
polyarch-cfg-passwords-default-policy=~.20.831207916
polyarch-cfg-passwords-netscape-controls=~.20.1527787150
polyarch-cfg-limits-connections=~.20.797291591 polyarch-cfg-limits-idle-seconds=~.20.1317143944
polyarch-cfg-limits-message-bytes-anonymous=~.20.502754675
polyarch-cfg-limits-message-bytes=~.20.897545783 polyarch-cfg-limits-search-entries=~.20.1779331899
polyarch-cfg-limits-search-seconds=~.20.98360818
polyarch-cfg-limits-search-look-through=~.20.602921734
polyarch-cfg-limits-unindexed-entries=~.20.1623433551
polyarch-cfg-limits-unindexed-searches=~.20.428046761
polyarch-cfg-limits-persistent-searches=~.20.1526115454
polyarch-cfg-limits-change-wait-seconds=~.20.642202880 polyarch-cfg-cache-entry-mib=~.20.1424871731
polyarch-cfg-cache-preload=~.20.77024939 polyarch-cfg-cache-store-mib=~.20.775844050
polyarch-cfg-groups-member-attributes=~.20.1339121490 polyarch-cfg-groups-allow-empty=~.20.368954751
polyarch-cfg-groups-dynamic=~.20.1307629531 polyarch-cfg-references-attributes=~.20.1026103217
polyarch-cfg-references-must-exist=~.20.780380839 polyarch-cfg-log-level=~.20.1707514556
polyarch-cfg-log-access=~.20.905709368 polyarch-config-source=~.20.1566072462
polyarch-config-live=~.20.613916073 polyarch-config-pending=~.20.1412670826
polyarch-config=~.21.13645348 polyarch-config-server=~.21.790908968
polyarch-config-replication=~.21.550516443 polyarch-config-changelog=~.21.1461402687
polyarch-config-deleted-entries=~.21.2077147769 polyarch-config-conflicts=~.21.450609478
polyarch-config-assured=~.21.1727734826 polyarch-config-backup=~.21.667562825
polyarch-config-alerts=~.21.1644027572 polyarch-config-fraction=~.21.230616549
polyarch-config-listen=~.21.238194532 polyarch-config-advertise=~.21.583616492
polyarch-config-admin=~.21.107534778 polyarch-config-tls=~.21.827881408
polyarch-config-access=~.21.2100793025 polyarch-config-binds=~.21.645302661
polyarch-config-sasl=~.21.1249297292 polyarch-config-passwords=~.21.1921585147
polyarch-config-limits=~.21.438903583 polyarch-config-cache=~.21.490232223
polyarch-config-groups=~.21.698598467 polyarch-config-references=~.21.722597529
polyarch-config-log=~.21.514134011
`;

/**
 * Every bound of the product, by name. A rule that refuses input for its size names one of these in its message.
 * Units last. Those that an operator may change are options in config/ whose defaults are these.
 */

export const LIMITS = {
  /** Octets of one LDAP message before and after a successful bind. */
  messageBytesAnonymous: 1_048_576,
  messageBytes: 16_777_216,
  /** Nesting of an LDAP filter. */
  filterDepth: 100,
  /** Clauses in one filter; octets of all its assertion values, which are prepared in one piece. */
  filterClauses: 4096,
  filterValueBytes: 2_097_152,
  /** Components of one substring assertion. */
  substringParts: 256,
  /** Controls on one message. */
  controls: 100,
  /** Requested attributes in a search. */
  requestedAttributes: 1000,
  /** Octets of a filter as text; octets of values that one evaluation of a filter may look at; octets of a value that substring indexes cut up. */
  filterTextBytes: 1_048_576,
  filterWorkBytes: 33_554_432,
  substringIndexedBytes: 1024,
  /** Modifications in one modify request. */
  modifications: 100_000,
  /** Octets of an integer that is incremented. */
  incrementDigits: 1000,
  /** Attributes of one entry. */
  attributesPerEntry: 5000,
  /** Octets of a DN, its RDNs, the values in one RDN. */
  dnBytes: 16_384,
  dnRdns: 250,
  rdnValues: 50,
  /** Octets of an attribute description. */
  attributeDescriptionBytes: 512,
  /** Octets of non-ASCII text that string preparation accepts, and combining marks in a row. */
  prepareBytes: 65_536,
  prepareAssertionBytes: 1024,
  combiningRun: 30,
  /** Lines of one Postal Address that are compared. */
  addressLines: 1000,
  /** Octets of a password. */
  passwordBytes: 1024,
  /** Nesting of schema descriptions and of control values. */
  nesting: 32,
  /** Octets of one schema description. */
  schemaDescriptionBytes: 65_536,
  /** Definitions that cn=schema holds besides those of files. */
  ownDefinitions: 5000,
  /** Entries that are read to find out whether any uses a definition that is to go. */
  schemaScanEntries: 2_000_000,
  /** Aliases followed in one operation. */
  aliasDepth: 32,
  /** Octets of one LDIF line after unfolding; octets and lines of one record. */
  ldifLineBytes: 67_108_864,
  ldifRecordBytes: 268_435_456,
  ldifRecordLines: 1_000_000,
  /** Requests of one connection that wait for their turn. */
  pipelinedRequests: 4096,
  /** Octets of answers queued for one connection that does not read. */
  outputBytes: 1_048_576,
  /** Milliseconds: to finish a PDU once begun, a TLS handshake, a write that makes no progress. */
  pduMs: 20_000,
  tlsHandshakeMs: 10_000,
  writeStallMs: 30_000,
  /** Octets of one replication frame; changes in one frame. */
  frameBytes: 33_554_432,
  frameChanges: 1024,
  /** Octets of one frame that a subscriber may send; sessions that one server may hold with one domain of another. */
  subscriberFrameBytes: 8_388_608,
  sessionsPerPeer: 8,
  /** Links within one link, to a server that nobody can dial; octets of one of their frames. */
  lanes: 16,
  laneOctets: 65_536,
  /** Octets of changes that a subscriber lets be on their way to it; octets read from the log at once. */
  subscriptionWindowBytes: 4_194_304,
  logReadBytes: 262_144,
  /** Octets of one image of a total update; octets of images on their way. */
  imageBytes: 33_000_000,
  imageWindowBytes: 4_194_304,
  /** Changes that wait for their number in cn=changelog, as a copy of a domain carries them. */
  copiedNumbers: 50_000,
  /** Octets of newest changes that a change log keeps in memory, the objects that hold them included. */
  recentChangeBytes: 8_388_608,
  /** Octets of a name, an address or a sentence in a replication frame. */
  frameTextBytes: 2048,
  /** Octets of the attributes that go with one record of cn=changelog (`changelog.include`). */
  includedAttributeBytes: 262_144,
  /** Octets that a hello has for who vouches for what its server holds. */
  vouchedBytes: 8192,
  /** Octets of the text that says which attributes a fractional replica holds. */
  fractionBytes: 8192,
  /** Links that peers opened and that have not introduced themselves; those that have are bounded by the sessions of a server. */
  strangerLinks: 64,
  /** Replicas that one domain may have. */
  replicas: 1000,
  /** Servers of one domain, brokers among them. */
  members: 2000,
  /** Replica ids that one server's name is remembered by beside the one that it has. */
  formerSelves: 4,
  /** How far ahead of ours a remote clock may drag us: by anything that it says; by a change of an entry that a client changes here. */
  clockSkewMs: 300_000,
  clockFollowMs: 86_400_000,
  /** Octets of an object identifier, of the name of a SASL mechanism. */
  oidBytes: 256,
  /** Attribute values in one request. */
  valuesPerRequest: 1_000_000,
  /** Keys of a sort; entries that one search may sort, octets of their keys; octets of sorted lists kept for the next page or view. */
  sortKeys: 32,
  sortedEntries: 500_000,
  sortedBytes: 67_108_864,
  keptListBytes: 67_108_864,
  /** Entries that are listed of those that name a contested name. */
  contestedLinks: 100,
  /** Octets of a context id of a virtual list view. */
  contextIdBytes: 64,
  /** Specifications of one dereference control; entries that one search may dereference. */
  dereferences: 16,
  dereferencedEntries: 1_000_000,
  /** Entries in one question or answer of a comparison of replicas; differing entries that one comparison names. */
  comparedEntries: 500,
  comparedDifferences: 1000,
  /** Octets of each text of session tracking. */
  sessionTextBytes: 65_536,
  /** Dynamic groups of a domain that count for memberOf. */
  dynamicGroups: 100,
  /** Values of memberURL that count, of one group. */
  dynamicGroupUrls: 20,
  /** Members that are listed of one dynamic group. */
  dynamicMembers: 10_000,
  /** Subentries with collective attributes that clients add to a domain. */
  collectiveSubentries: 1000,
  /** Octets of a subtree specification; its chops, and parts of its refinement. */
  subtreeBytes: 65_536,
  subtreeParts: 1000,
  /** Entries that one in-chain clause may walk through; in-chain clauses of one filter. */
  chainEntries: 100_000,
  chainClauses: 8,
  /** Octets of SASL credentials. */
  saslBytes: 8192,
  /** URLs in one referral. */
  referrals: 1000,
  /** Digits (and sign) of an integer that an increment may add or change. */
  integerDigits: 1024,
  /** Passwords that one request may have hashed. */
  passwordsPerRequest: 8,
  /** Failed binds that an account records, old passwords that a policy remembers, and policies that are subentries of one domain. */
  passwordFailures: 100,
  passwordHistory: 24,
  passwordPolicies: 1000,
  /** Entries that one tree delete may take. */
  treeDeleteEntries: 1_000_000,
  /** Aliases dereferenced while one search runs. */
  aliasesPerSearch: 10_000,
  /** Changes in the applied log of a domain, from which readers of changes catch up. */
  appliedRows: 1_000_000,
  /** Changes, and octets of their entries, that wait for one reader of changes. */
  feedChanges: 20_000,
  feedBytes: 8_388_608,
  /** Searches of one connection that go on until they are ended. */
  persistentSearchesPerConnection: 100,
  /** Octets of a cookie of a synchronization or of the change log. */
  syncCookieBytes: 65_536,
  /** UUIDs in one message of a synchronization. */
  syncIdSet: 500,
  /** Octets of a control's value that is a list of words; operations that wait for a change to arrive. */
  controlWordBytes: 65_536,
  changeWaits: 2000,
  /** Searches without an index that wait for their turn. */
  waitingScans: 1000,
  /** Writes of one domain that wait for their turn. */
  queuedWrites: 100_000,
  /** Octets of an administration request over LDAP; such requests at once. */
  administrationRequestBytes: 65_536,
  administrationRequests: 8,
  /** Octets of one server's text in cn=topology. */
  topologyMemberBytes: 4096,
  /** Characters of a join token. */
  joinTokenBytes: 8192,
  /** Tokens of one server that are not expired. */
  joinTokens: 1000,
  /** How far the clock of a server that joins may be away, ms: a change from further ahead would be an alert. */
  joinClockSkewMs: 60_000,
  /** Octets of a request to join, and of the answer (certificates and schema files). */
  joinRequestBytes: 65_536,
  joinAnswerBytes: 16_777_216,
  /** Links at once on which a server asks to join, and how long each may take, ms. */
  joinLinks: 8,
  joinMs: 30_000,
} as const;

export type LimitName = keyof typeof LIMITS;

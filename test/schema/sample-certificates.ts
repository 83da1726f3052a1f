/** A certificate authority's own certificate and its revocation list, made for the tests. Owns no claims. */
import { must } from '../../lib/base/assert.js';
import { fromBase64 } from '../../lib/base/bytes.js';

/** Serial number 4660 (0x1234), issuer and subject CN=Root CA,O=Example Org,C=DE, key usage keyCertSign and cRLSign, an elliptic curve key. */
export const CERTIFICATE = must(
  fromBase64(
    'MIIBnjCCAUSgAwIBAgICEjQwCgYIKoZIzj0EAwIwNTELMAkGA1UEBhMCREUxFDASBgNVBAoMC0V4YW1wbGUgT3JnMRAwDgYD' +
      'VQQDDAdSb290IENBMCAXDTI2MTEyMTE2MzE1M1oYDzIxMjYxMDI4MTYzMTUzWjA1MQswCQYDVQQGEwJERTEUMBIGA1UECgwL' +
      'RXhhbXBsZSBPcmcxEDAOBgNVBAMMB1Jvb3QgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQJuUjocCgY4eYgB3JK3QzZ' +
      'RmrZV0dKFPGHkrqKXd0S9+jB4E8OuKnFwSdfG+TdhMl9g1hPe5fsziOEAx8A/dJ+o0IwQDAPBgNVHRMBAf8EBTADAQH/MA4G' +
      'A1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUssYErKkRklTjv2pKsFUKH75SIiUwCgYIKoZIzj0EAwIDSAAwRQIhAIZg4leVIdb2' +
      'e8qSzwUDUoQ7ZfGpL7wophsvYl6I+/0gAiBTpSUpCQTVKUntT1zAr+nQmSH8Fq/yKqE/kt7D5MC8Fw==',
  ),
  'base64',
);

/** Of the same issuer, number 7. */
export const REVOCATION_LIST = must(
  fromBase64(
    'MIHOMHYCAQEwCgYIKoZIzj0EAwIwNTELMAkGA1UEBhMCREUxFDASBgNVBAoMC0V4YW1wbGUgT3JnMRAwDgYDVQQDDAdSb290' +
      'IENBFw0yNjExMjExNjMxNTNaGA8yMTI2MTAyODE2MzE1M1qgDjAMMAoGA1UdFAQDAgEHMAoGCCqGSM49BAMCA0gAMEUCIQCS' +
      '4n3lFP1B7Ywx6r7MRK2+iwfxpLTadDHeB8Yi+YmddQIgatV8jxQkUabp2JsUn5R3LtoOH3tTCAkQbHQYM35fy50=',
  ),
  'base64',
);

export const ISSUER = 'cn=root ca,o=example org,c=de';

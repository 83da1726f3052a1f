/**
 * BerError: bytes that are not the BER that LDAP allows (RFC 4511 section 5.1). The only error that this folder throws for bad input.
 *
 * It says what is wrong and where; what to answer is the caller's decision.
 */

/** `malformed`: not BER as LDAP uses it. `tooLong`: well formed so far, and above a bound of ours. */
export type BerFault = 'malformed' | 'tooLong';

/** Bad input. `offset`: octet of the buffer at which it was seen. */
export class BerError extends Error {
  override readonly name = 'BerError';
  readonly fault: BerFault;
  readonly offset: number;

  constructor(fault: BerFault, message: string, offset: number) {
    super(message);
    this.fault = fault;
    this.offset = offset;
  }
}

/** RunningOperation: the state of one operation from its start to its answer. See operation.ts for what its fields mean. */
import type { Requester } from '../access/requester.js';
import type { RequestMessage } from '../ldap/message.js';
import type { RequestControls } from '../ldap/request-controls.js';
import type { PolicyAnswer } from './bind/policy-answer.js';
import type { AnswerStream, Operation, TransportFacts } from './operation.js';

export class RunningOperation implements Operation {
  readonly message: RequestMessage;
  readonly controls: RequestControls;
  requester: Requester;
  authenticated: Requester | undefined = undefined;
  rightsOf: Requester | undefined = undefined;
  readonly transport: TransportFacts;
  readonly startedMs: number;
  readonly stream: AnswerStream;
  stopped: 'abandoned' | 'canceled' | undefined = undefined;
  entries = 0;
  unindexed = false;
  examined = 0;
  plan: (() => string) | undefined = undefined;
  passwordPolicy: PolicyAnswer | undefined = undefined;
  /** Whether release() was called. */
  released = false;
  /** Whether detach() was called. */
  detached = false;
  /** Set by the connection while the operation waits for an event of its own. */
  onRelease: (() => void) | undefined = undefined;

  constructor(
    message: RequestMessage,
    controls: RequestControls,
    requester: Requester,
    transport: TransportFacts,
    startedMs: number,
    stream: AnswerStream,
  ) {
    this.message = message;
    this.controls = controls;
    this.requester = requester;
    this.transport = transport;
    this.startedMs = startedMs;
    this.stream = stream;
  }

  detach(): void {
    this.detached = true;
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.onRelease?.();
  }
}

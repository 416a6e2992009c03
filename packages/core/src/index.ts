/**
 * The words of Keyplane: what a secret reference, value and version are, the ports between its parts, and every way in
 * which asking for a secret can fail. No I/O and no dependency, so anything may import it, a browser included.
 */
export { type Duration, durationMs } from './duration.ts'
export { type ErrorMessage, errorMessage, errorOf } from './error-message.ts'
export {
  type ErrorCode,
  type Outcome,
  SecretsError,
  type SecretsErrorOptions,
  toSecretsError,
  type Upstream,
} from './errors.ts'
export { globMatches } from './glob-matches.ts'
export { nearest } from './nearest.ts'
export type { AuditRecord, AuditSink } from './ports/audit-sink.ts'
export type { Clock, Timer } from './ports/clock.ts'
export { passedOn } from './ports/passed-on.ts'
export type {
  CallOptions,
  Change,
  Freshness,
  LeaseKeeper,
  ManyReader,
  PutOptions,
  SecretLister,
  SecretProvider,
  SecretWatcher,
  SecretWriter,
  StateReader,
} from './ports/provider.ts'
export type { Random } from './ports/random.ts'
export type { Reading, SecretReader } from './ports/reader.ts'
export type { Consumer, Heartbeat, Receipt, SendHeartbeat } from './ports/receipts.ts'
export type { SecretRef, Stage } from './secret-ref.ts'
export { BytesValue, revealText, sameValue, type SecretValue, TextValue } from './secret-value.ts'
export type { Lease, SecretState, SecretVersion } from './secret-version.ts'
export { systemClock } from './system-clock.ts'
export { systemRandom } from './system-random.ts'
export { untilAborted } from './until-aborted.ts'
export { uuid } from './uuid.ts'

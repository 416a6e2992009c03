/**
 * A client of OpenBao, and of HashiCorp Vault: logins, a token that is kept alive, KV v2, leases, and failures told apart. Use it
 * where a part of Keyplane asks OpenBao for anything; for reading secrets alone, `openbaoProvider` of
 * `@keyplane/providers` stands on it. It caches nothing but its token, retries no call that a server may have taken, and
 * writes texts only, since OpenBao's audit log shows numbers as they are.
 */
export { OpenBaoAnswer } from './answer.ts'
export { openBaoClient } from './client.ts'
export type { OpenBaoCall, OpenBaoClient, OpenBaoClientOptions } from './client-contract.ts'
export { type Failure, type FailureFacts, failureOf, type Purpose } from './failure.ts'
export { type IssuedCredential, type Leases, leases, type LeasesOptions, type LeaseTerm } from './leases/leases.ts'
export type { Health, HealthState, SealStatus } from './nodes/health.ts'
export { type Fields, fieldsOfValue, sameFields, valueOfFields } from './kv/fields.ts'
export type { KvFields, KvMetadata, KvVersion, KvVersionState, KvWritten } from './kv/types.ts'
export { type KvCall, type KvV2, type KvV2Options, kvV2 } from './kv/v2.ts'
export type { AppRoleAuth } from './logins/approle.ts'
export type { Auth } from './logins/auth.ts'
export type { Credential } from './logins/credential.ts'
export type { JwtAuth, KubernetesAuth } from './logins/jwt.ts'
export type { TokenAuth } from './logins/token.ts'
export type { LoginRefusal, RefusalLedger } from './refusal-ledger.ts'
export { forgottenAfterMs } from './login-rule.ts'
export type { TokenLife } from './token-keeper.ts'
export { type TransitKey, transitKey, type TransitKeyOptions } from './transit-key.ts'

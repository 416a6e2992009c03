import type { Login } from '../login.ts'
import { type Credential, fingerprintOf, readCredential } from './credential.ts'
import { grantedBy } from './granted.ts'

export interface JwtAuth {
  readonly method: 'jwt'
  readonly role: string
  readonly jwt: Credential
  /** Where the method is mounted. Default `jwt`. */
  readonly mount?: string
}

export interface KubernetesAuth {
  readonly method: 'kubernetes'
  readonly role: string
  /** Default: the service account's token where Kubernetes mounts it. */
  readonly jwt?: Credential
  /** Where the method is mounted. Default `kubernetes`. */
  readonly mount?: string
}

/** @see https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/ */
const serviceAccountToken = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** A login by a signed token: a role of the `jwt` method, or of `kubernetes`, which asks the cluster about it. */
export const jwtLogin = (auth: JwtAuth | KubernetesAuth, source: string): Login => ({
  method: auth.method,
  present: async () => {
    const { method, role, mount = method } = auth
    const isKubernetes = method === 'kubernetes'
    const credential = auth.jwt ?? { file: serviceAccountToken }
    const jwt = await readCredential(credential, isKubernetes ? "The service account's token" : 'The JWT', source)
    return {
      fingerprint: fingerprintOf(method, role, jwt),
      grant: async (ask) =>
        grantedBy(
          await ask({
            method: 'POST',
            path: `auth/${mount}/login`,
            body: { role, jwt },
            atLeader: true,
            repeatable: true,
          }),
          source,
        ),
    }
  },
})

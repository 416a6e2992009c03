import { readdirSync, readFileSync } from 'node:fs'
import {
  type AccessRequest,
  type Decision,
  type KeyGrant,
  parsePolicy,
  type Policies,
  type Policy,
  type PolicyKind,
  requestContext,
} from '../src/index.ts'

/** One scenario as its file has it. */
export interface VectorFile {
  readonly says: string
  readonly source: string
  readonly request: Omit<AccessRequest, 'context'> & { readonly context: Readonly<Record<string, string | string[]>> }
  readonly resourceAsSent?: string
  readonly policies: {
    readonly identity: readonly unknown[]
    readonly boundary?: unknown
    readonly session?: readonly unknown[]
    readonly resource?: {
      readonly kind: 'resource' | 'key' | 'trust'
      readonly policy: unknown
      readonly grants?: readonly KeyGrant[]
    }
  }
  readonly expect: Decision & { readonly message?: string }
}

/** One scenario, ready to be decided. */
export interface Vector {
  /** Topic and name: `cross-account/both-halves-allow`. */
  readonly name: string
  readonly file: VectorFile
  readonly request: AccessRequest
  readonly policies: Policies
}

const folder = new URL('../vectors/', import.meta.url)

/** All scenarios of `vectors/`, by name. */
export const vectors = (): readonly Vector[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .sort()
    .map((path) => {
      const file = JSON.parse(readFileSync(new URL(path, folder), 'utf8')) as VectorFile
      const { request, policies } = read(file)
      return { name: path.replace(/\.json$/, ''), file, request, policies }
    })

const read = ({ request, policies }: VectorFile): Pick<Vector, 'request' | 'policies'> => {
  const { identity, boundary, session, resource } = policies
  const guard = resource && { ...resource, policy: policyOf(resource.policy, resource.kind) }
  return {
    request: { ...request, context: requestContext(request.context) },
    policies: {
      identity: identity.map((document, index) => ({
        name: `identity-${index + 1}`,
        policy: policyOf(document, 'identity'),
      })),
      ...(boundary === undefined ? {} : { boundary: policyOf(boundary, 'identity') }),
      ...(session === undefined ? {} : { session: session.map((document) => policyOf(document, 'identity')) }),
      ...(guard === undefined ? {} : { resource: guard as NonNullable<Policies['resource']> }),
    },
  }
}

/** @throws Error for a document that is no policy; vectors hold policies only. */
export const policyOf = (document: unknown, kind: PolicyKind): Policy => {
  const parsed = parsePolicy(document, kind)
  if (!parsed.ok) throw new Error(parsed.problems.map(({ path, message }) => `${path} ${message}`).join('; '))
  return parsed.policy
}

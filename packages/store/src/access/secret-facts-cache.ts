import { type Policy, parsePolicy } from '@keyplane/policy'
import type { PoliciesTable } from '../storage/policies-table.ts'
import type { SecretRow } from '../storage/tables.ts'
import type { SecretsTable } from '../storage/secrets-table.ts'

/** What a secret itself says about who may do what with it. */
export interface SecretFacts {
  readonly policy: Policy | undefined
  readonly tags: readonly (readonly [key: string, value: string])[]
}

export interface SecretFactsParts {
  readonly secrets: Pick<SecretsTable, 'partsOf'>
  readonly policies: Pick<PoliciesTable, 'of'>
}

interface Known extends SecretFacts {
  readonly revision: number
  /** Characters of the policy. */
  readonly size: number
}

const maxKnown = 10_000
/** A policy that is ready to be asked takes some thirty times its text. */
const maxSize = 2_000_000

/**
 * Resource policies and tags of secrets. They are kept until their secret's revision is another one, so a read that finds
 * the secret as it was needs no further look.
 */
export class SecretFactsCache {
  readonly #parts: SecretFactsParts
  readonly #known = new Map<string, Known>()
  #size = 0

  constructor(parts: SecretFactsParts) {
    this.#parts = parts
  }

  async of({ id, revision, tagged }: Pick<SecretRow, 'id' | 'revision' | 'tagged'>): Promise<SecretFacts> {
    const known = this.#known.get(id)
    if (known?.revision === revision) return known
    const text = await this.#parts.policies.of(id)
    const rows = tagged ? (await this.#parts.secrets.partsOf([id])).tags : []
    const policy = text === undefined ? undefined : policyOf(text)
    const facts = { revision, size: text?.length ?? 0, policy, tags: rows.map(pair) }
    this.#forget(id)
    this.#known.set(id, facts)
    this.#size += facts.size
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= maxKnown && this.#size <= maxSize) break
      this.#forget(oldest)
    }
    return facts
  }

  #forget(id: string): void {
    this.#size -= this.#known.get(id)?.size ?? 0
    this.#known.delete(id)
  }
}

const pair = ({ key, value }: { readonly key: string; readonly value: string }) => [key, value] as const

/** A stored policy was checked; one that an older version took and this one does not read denies everything. */
const policyOf = (text: string): Policy => {
  const parsed = parsePolicy(text, 'resource')
  return parsed.ok ? parsed.policy : denyAll
}

const denyAll: Policy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Principal: '*', Action: ['*'], Resource: ['*'] }],
}

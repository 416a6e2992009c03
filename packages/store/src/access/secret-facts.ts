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
}

const maxKnown = 10_000

/**
 * Resource policies and tags of secrets. They are kept until their secret's revision is another one, so a read that finds
 * the secret as it was needs no further look.
 */
export class SecretFactsCache {
  readonly #parts: SecretFactsParts
  readonly #known = new Map<string, Known>()

  constructor(parts: SecretFactsParts) {
    this.#parts = parts
  }

  async of({ id, revision, tagged }: Pick<SecretRow, 'id' | 'revision' | 'tagged'>): Promise<SecretFacts> {
    const known = this.#known.get(id)
    if (known?.revision === revision) return known
    const text = await this.#parts.policies.of(id)
    const rows = tagged ? (await this.#parts.secrets.partsOf([id])).tags : []
    const facts = { revision, policy: text === undefined ? undefined : policyOf(text), tags: rows.map(pair) }
    this.#known.delete(id)
    this.#known.set(id, facts)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= maxKnown) break
      this.#known.delete(oldest)
    }
    return facts
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

import { BytesValue, TextValue } from '@keyplane/core'
import type { ProviderLimits, SeedSecret } from '../provider-fixture.ts'

const named = <T>(name: string, value: T): { readonly name: string; readonly value: T } => ({ name, value })

const allBytes: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => byte)

export interface Seeded {
  readonly plain: { readonly name: string; readonly value: TextValue }
  readonly other: { readonly name: string; readonly value: TextValue }
  readonly empty: { readonly name: string; readonly value: TextValue }
  readonly binary: { readonly name: string; readonly value: BytesValue }
  readonly awkward: readonly SeedSecret[]
}

/** The secrets that the rules ask for, by what they are for. */
export const seeded: Seeded = {
  plain: named('PLAIN', new TextValue('plain-canary-7f3a91')),
  other: named('OTHER', new TextValue('other-canary-0c55d2 "quoted" \\ \n päß 🔑')),
  empty: named('EMPTY', new TextValue('')),
  binary: named('BINARY', new BytesValue(allBytes)),
  awkward: ['a/b', 'a//b', 'a:b', 'a#b', 'a,b', 'a%2Fb', 'a b', 'ä', 'a', 'A', 'a\ufffd'].map((name) =>
    named(name, new TextValue(`value of ${name}`)),
  ),
}

/** What is put into a source with these limits. */
export const seedWithin = ({ empty, bytes, awkwardNames }: ProviderLimits): readonly SeedSecret[] => [
  seeded.plain,
  seeded.other,
  ...(empty ? [] : [seeded.empty]),
  ...(bytes ? [] : [seeded.binary]),
  ...(awkwardNames ? [] : seeded.awkward),
]

import * as v from 'valibot'
import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { type DefinedSecrets, defineSecrets } from './define-secrets.ts'
import { boolean, json, number, string } from './secret-types.ts'
import type { SecretsManager } from '../secrets-manager.ts'

const definitions = {
  API_KEY: string(),
  PORT: number({ default: 80 }),
  DEBUG: boolean({ optional: true }),
  LEVEL: string({ optional: true, default: 'info' }),
  DB: json(z.object({ host: z.string(), port: z.coerce.number() })),
  QUEUE: json(v.object({ url: v.string() }), { optional: true }),
  FREE: json(),
}

declare const config: DefinedSecrets<typeof definitions>
declare const secrets: SecretsManager

// What stands here is checked by the compiler: an unused `@ts-expect-error` does not compile.
const compiledOnly = async (): Promise<void> => {
  expectTypeOf(config.API_KEY).toEqualTypeOf<string>()
  expectTypeOf(config.PORT).toEqualTypeOf<number>()
  expectTypeOf(config.DEBUG).toEqualTypeOf<boolean | undefined>()
  expectTypeOf(config.LEVEL).toEqualTypeOf<string>()
  expectTypeOf(config.DB).toEqualTypeOf<{ host: string; port: number }>()
  expectTypeOf(config.QUEUE).toEqualTypeOf<{ url: string } | undefined>()
  expectTypeOf(config.FREE).toEqualTypeOf<Readonly<Record<string, unknown>>>()
  // @ts-expect-error a key that is not defined
  void config.API_KEYS
  // @ts-expect-error a definition's value is not written
  config.API_KEY = 'other'
  // @ts-expect-error an optional value may be missing
  const debug: boolean = config.DEBUG
  void debug
  // @ts-expect-error a default has the type of its definition
  number({ default: '80' })
  // @ts-expect-error what is defined is made by a type
  await defineSecrets({ API_KEY: 'string' })
  const { values } = await secrets.getMany(['A', 'B'])
  // @ts-expect-error a key that was not asked for
  void values.C
  expectTypeOf(values.A).toEqualTypeOf<string | undefined>()
  expectTypeOf(await secrets.getSecret('A', 'default')).toEqualTypeOf<string>()
  expectTypeOf(await secrets.getSecret('A')).toEqualTypeOf<string | undefined>()
  expectTypeOf(secrets.getSecretSync('A', 'default')).toEqualTypeOf<string>()
  expectTypeOf(await secrets.withSecret('A', (secret) => secret.length)).toEqualTypeOf<number>()
  expectTypeOf(await secrets.getSecretJson('A', undefined, { schema: z.object({ a: z.number() }) })).toEqualTypeOf<
    { a: number } | undefined
  >()
}

describe('the types of defined secrets', () => {
  it('are inferred', () => {
    expectTypeOf(compiledOnly).toBeFunction()
  })
})

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type SecretProvider, SecretsError, TextValue } from '@keyplane/core'
import * as fc from 'fast-check'
import { describe, it } from 'vitest'
import { envProvider } from '../src/env.ts'
import { fileProvider } from '../src/file.ts'
import { githubActionsProvider } from '../src/github-actions.ts'
import { memoryProvider } from '../src/memory.ts'

/** A source that is written to as people write to it, and its provider. */
interface Source {
  readonly provider: SecretProvider
  put(name: string, text: string): unknown
  remove(name: string): unknown
  stop(): unknown
}

const memory = (): Source => {
  const provider = memoryProvider({})
  let writes = 0
  return {
    provider,
    put: (id, text) => provider.write?.put({ id }, new TextValue(text), { idempotencyKey: String(++writes) }),
    remove: (id) => provider.write?.remove(id, { recoverableForMs: 0 }).catch(() => {}),
    stop: () => provider.close?.(),
  }
}

const variables = (open: (env: Record<string, string | undefined>) => SecretProvider) => (): Source => {
  const env: Record<string, string | undefined> = {}
  const provider = open(env)
  return {
    provider,
    put: (name, text) => {
      env[name] = text
    },
    remove: (name) => {
      delete env[name]
    },
    stop: () => provider.close?.(),
  }
}

const files = async (): Promise<Source> => {
  const root = await mkdtemp(join(tmpdir(), 'keyplane-agree-'))
  const provider = fileProvider({ root })
  return {
    provider,
    put: async (name, text) => {
      await mkdir(dirname(join(root, name)), { recursive: true })
      await writeFile(join(root, name), text)
    },
    remove: (name) => rm(join(root, name), { force: true }),
    stop: async () => {
      await provider.close?.()
      await rm(root, { recursive: true })
    },
  }
}

const sources: Readonly<Record<string, () => Source | Promise<Source>>> = {
  env: variables((env) => envProvider({ env, files: [] })),
  file: files,
  'github-actions': variables((env) => githubActionsProvider({ env })),
}

type Step =
  | { readonly kind: 'put'; readonly name: string; readonly text: string }
  | { readonly kind: 'remove' | 'get' | 'list'; readonly name: string }

const name = fc.constantFrom('A', 'B', 'AB', 'DB_URL', 'db_url', 'ä', 'A.b-c')
// An empty text is absent to a job on GitHub, and only there.
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 })
const steps = fc.array(
  fc.oneof<[fc.Arbitrary<Step>, fc.Arbitrary<Step>]>(
    fc.record({ kind: fc.constant('put' as const), name, text }),
    fc.record({ kind: fc.constantFrom('remove' as const, 'get' as const, 'list' as const), name }),
  ),
  { maxLength: 30 },
)

const act = async ({ provider, put, remove }: Source, step: Step): Promise<unknown> => {
  if (step.kind === 'put') return void (await put(step.name, step.text))
  if (step.kind === 'remove') return void (await remove(step.name))
  if (step.kind === 'list') {
    const names: string[] = []
    for await (const listed of provider.list?.list({ prefix: step.name }) ?? []) names.push(listed.name)
    return names.sort()
  }
  return provider.get({ id: step.name }).then(
    ({ value }) => value.reveal(),
    (error: unknown) => (error instanceof SecretsError ? error.code : error),
  )
}

/** Another one at each run; a failure tells how to run it again. */
const seed = Math.floor(Math.random() * 2 ** 31)

describe(`local providers, by seed ${seed}`, () => {
  it.each(Object.keys(sources))('%s answers as memory does, whatever is written', async (kind) => {
    const property = fc.asyncProperty(steps, async (wanted) => {
      const [model, source] = [memory(), await (sources[kind] as () => Source | Promise<Source>)()]
      try {
        for (const step of wanted) {
          const [expected, given] = [await act(model, step), await act(source, step)]
          if (JSON.stringify(expected) !== JSON.stringify(given))
            throw new Error(`${JSON.stringify(step)}: ${JSON.stringify(given)} in place of ${JSON.stringify(expected)}`)
        }
      } finally {
        await model.stop()
        await source.stop()
      }
    })
    await fc.assert(property, { seed, numRuns: 60 })
  })
})

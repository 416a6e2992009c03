import { type SecretProvider, type SecretRef, SecretsError, type SecretVersion, TextValue } from '@keyplane/core'
import { memoryProvider } from '@keyplane/providers'

/** A memory that passes for a source elsewhere: with all layers around it, and every call counted. */
export const remoteMemory = (secrets: Record<string, string> = {}, name = 'remote') => {
  let writes = 0
  const memory = memoryProvider({ secrets, ids: () => `seed-${(writes += 1)}` })
  const calls = { get: [] as SecretRef[], many: [] as string[][] }
  const state = { failure: undefined as SecretsError | undefined, withoutMany: false }
  const answer = async <T>(act: () => Promise<T>): Promise<T> => {
    await new Promise((resolve) => setImmediate(resolve))
    if (state.failure) throw state.failure
    return act()
  }
  const { many, list, watch, write } = memory
  if (!many || !list || !watch || !write) throw new Error('memory has all abilities')
  const provider: SecretProvider = {
    name,
    get: (ref, call) => {
      calls.get.push(ref)
      return answer(() => memory.get(ref, call))
    },
    many: {
      maxRefs: 20,
      get: (refs, call) => {
        calls.many.push(refs.map(({ id }) => id))
        return answer(() => many.get(refs, call))
      },
    },
    list,
    watch,
    write,
    close: async () => memory.close?.(),
  }
  /** Writes past the library, as somebody else does. */
  const put = (id: string, text: string, stages: NonNullable<SecretVersion['stages']> = ['current']) => {
    writes += 1
    return write.put({ id }, new TextValue(text), { idempotencyKey: `write-${writes}`, stages })
  }
  const moveStage = write.moveStage?.bind(write)
  return { provider, calls, state, put, moveStage, remove: (id: string) => write.remove(id, { recoverableForMs: 0 }) }
}

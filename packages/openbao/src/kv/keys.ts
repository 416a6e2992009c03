import { SecretsError } from '@keyplane/core'
import type { OpenBaoAnswer } from '../answer.ts'

export interface KeyLister {
  /** Lists one folder (empty, or ending in `/`) by these query parameters. */
  readonly list: (folder: string, query: Readonly<Record<string, string>>) => Promise<OpenBaoAnswer>
  /** The provider's name, for errors. */
  readonly source: string
}

const pageSize = 1_000
/** OpenBao sets no bound; a listing is not to end in a loop where a server does. */
const maxDepth = 64

const namesIn = (answer: OpenBaoAnswer, source: string): readonly string[] => {
  const keys = answer.member('data', 'keys')
  if (Array.isArray(keys) && keys.every((key): key is string => typeof key === 'string' && key !== '')) return keys
  throw new SecretsError('bad_response', "OpenBao's answer to a list has no keys.", { source })
}

const pageOf = async (lister: KeyLister, folder: string, after: string | undefined): Promise<readonly string[]> => {
  try {
    const page = { limit: String(pageSize), ...(after === undefined ? {} : { after }) }
    return namesIn(await lister.list(folder, page), lister.source)
  } catch (thrown) {
    // An empty folder, or the end of a full last page, is answered as absent.
    if (thrown instanceof SecretsError && thrown.code === 'secret_not_found') return []
    throw thrown
  }
}

/** All names in one folder. HashiCorp Vault knows no pages and gives all at once, again and again. */
const namesOf = async (lister: KeyLister, folder: string): Promise<readonly string[]> => {
  const names = new Set<string>()
  let after: string | undefined
  for (;;) {
    const page = await pageOf(lister, folder, after)
    const known = names.size
    for (const name of page) names.add(name)
    if (page.length !== pageSize || names.size - known !== page.length) return [...names]
    after = page.at(-1)
  }
}

async function* walk(lister: KeyLister, folder: string, prefix: string, depth: number): AsyncGenerator<string> {
  if (depth > maxDepth)
    throw new SecretsError('bad_response', 'OpenBao lists folders in folders without an end.', {
      source: lister.source,
    })
  for (const name of await namesOf(lister, folder)) {
    const path = `${folder}${name}`
    if (!name.endsWith('/')) {
      if (path.startsWith(prefix)) yield path
    } else if (path.startsWith(prefix) || prefix.startsWith(path)) yield* walk(lister, path, prefix, depth + 1)
  }
}

/** The paths that begin with the prefix; only folders that can hold such are asked. */
export const keysBelow = (prefix: string, lister: KeyLister): AsyncIterable<string> =>
  walk(lister, prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, 0)

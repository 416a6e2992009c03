import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formArguments, root } from './built.ts'
import { type Server, startServer } from './children.ts'

export interface OwnStore extends Server {
  /** Its data folder. */
  readonly data: string
  readonly port: number
}

/** Keyplane's own store, in a process and a folder of its own, as it is delivered. */
export const startOwnStore = async (): Promise<OwnStore> => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-bench-'))
  const data = join(folder, 'data')
  const server = await startServer({
    file: process.execPath,
    args: [...formArguments, join(root, 'bench/keyplane.mjs'), 'store', '--port', '0', '--data', data, '--json'],
    cwd: folder,
    readyText: 'storeUrl',
  })
  const { storeUrl } = JSON.parse(server.line) as { readonly storeUrl: string }
  const stop = async (): Promise<void> => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { ...server, data, port: Number(new URL(storeUrl).port), stop }
}

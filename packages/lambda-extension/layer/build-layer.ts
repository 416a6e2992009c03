import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type BuildOptions, type Plugin } from 'esbuild'
import { zipOf } from './zip.ts'

export interface LayerOptions {
  /** Where the layer is written: `layer/`, as it will stand below `/opt`, and `keyplane-layer.zip`. */
  readonly outdir: string
  /** The extension as an executable of its own, for runtimes without Node.js. Default: a bundle that Node.js runs. */
  readonly executable?: string
}

const here = import.meta.dirname
/** Files that a process is made of. */
const started: ReadonlySet<string> = new Set(['keyplane', 'keyplane-extension'])

/** Writes the layer; gives the archive's path. */
export const buildLayer = async ({ outdir, executable }: LayerOptions): Promise<string> => {
  const root = join(outdir, 'layer')
  rmSync(root, { recursive: true, force: true })
  for (const folder of ['extensions', 'keyplane']) mkdirSync(join(root, folder), { recursive: true })
  copyFileSync(join(here, '../LICENSE'), join(root, 'keyplane/LICENSE'))
  copyFileSync(join(here, 'extensions/keyplane'), join(root, 'extensions/keyplane'))
  if (executable === undefined) await bundle(join(root, 'keyplane'))
  else copyFileSync(executable, join(root, 'keyplane/keyplane-extension'))
  const entries = ['extensions', 'keyplane'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .sort()
      .map((file) => {
        const [name, mode] = [`${folder}/${file}`, started.has(file) ? 0o755 : 0o644]
        chmodSync(join(root, name), mode)
        return { name, mode, content: readFileSync(join(root, name)) }
      }),
  )
  const archive = join(outdir, 'keyplane-layer.zip')
  writeFileSync(archive, zipOf(entries))
  return archive
}

const chainPackage = '@aws-sdk/credential-provider-node'

/** Two files that need no packages beside them: what is always needed, and AWS's chain of credentials, loaded where it is. */
const bundle = async (outdir: string): Promise<void> => {
  const options: BuildOptions = {
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minify: true,
    legalComments: 'none',
    // CommonJS among what is bundled asks for Node's own modules in its own way.
    banner: { js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  }
  const besideIt: Plugin = {
    name: 'beside-it',
    setup: ({ onResolve }) =>
      onResolve({ filter: new RegExp(`^${chainPackage}$`) }, () => ({ path: './aws-credentials.mjs', external: true })),
  }
  const main = { extension: join(here, '../src/main.ts') }
  await build({ ...options, entryPoints: main, conditions: ['source'], plugins: [besideIt] })
  const chain = { contents: `export { defaultProvider } from '${chainPackage}'`, resolveDir: here }
  await build({ ...options, stdin: chain, entryNames: 'aws-credentials' })
}

/** For who says how large it became. */
export const megabytes = (path: string): string => (statSync(path).size / 1_048_576).toFixed(1)

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** A package of the workspace that is published. */
export interface PublicPackage {
  readonly name: string
  /** From the root of the checkout. */
  readonly folder: string
  /** Runs on Node.js 20 too; the others need 22.18. */
  readonly runsOnNode20: boolean
}

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly engines: { readonly node: string }
}

/** Every package that is not private, by its own manifest. */
export const publicPackages = (root: string): readonly PublicPackage[] =>
  readdirSync(join(root, 'packages'))
    .sort()
    .flatMap((entry) => {
      const folder = join('packages', entry)
      const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
      if (manifest.private) return []
      return [{ name: manifest.name, folder, runsOnNode20: manifest.engines.node === '>=20' }]
    })

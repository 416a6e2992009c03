import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What Bun tells of a build: the files that each output is made of. */
export interface BuildFacts {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, unknown>> }>>
}

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly license?: string
}

export interface Component {
  readonly type: 'library'
  readonly 'bom-ref': string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly licenses: readonly [{ readonly license: { readonly id: string } }]
}

export interface Sbom {
  readonly bomFormat: 'CycloneDX'
  readonly specVersion: '1.5'
  readonly version: 1
  readonly metadata: {
    readonly component: { readonly type: 'application'; readonly name: string; readonly version: string }
  }
  readonly components: readonly Component[]
}

/** Of an npm package. @see https://github.com/package-url/purl-spec/blob/main/types-doc/npm-definition.md */
const componentOf = ({ name = '', version = '', license = '' }: Manifest): Component => {
  const purl = `pkg:npm/${name.replace(/^@/, '%40')}@${version}`
  return { type: 'library', 'bom-ref': purl, name, version, purl, licenses: [{ license: { id: license } }] }
}

/** The package that a file below the root belongs to. A `package.json` without a name only says how its folder is read. */
const packageOf = (root: string, file: string): Manifest => {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const path = join(root, folder, 'package.json')
    const manifest = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : {}
    if (manifest.name !== undefined && manifest.version !== undefined) return manifest
    if (folder === '.') throw new Error(`${file} belongs to no package.`)
  }
}

/**
 * The bill of materials of an executable, in CycloneDX: each package of which something is in it, and Bun, which runs it.
 * `npm sbom` would tell what is installed for the build. Of what Bun itself is made Bun's own releases tell.
 */
export const sbomOf = (facts: BuildFacts, root: string, bunVersion: string): Sbom => {
  const files = Object.values(facts.outputs).flatMap(({ inputs }) => Object.keys(inputs))
  const bun = { name: 'bun', version: bunVersion, license: 'MIT' }
  const manifests = [...files.map((file) => packageOf(root, file)), bun]
  const components = new Map(manifests.map(componentOf).map((component) => [component.purl, component]))
  const { version = '' } = packageOf(root, 'packages/agent/src/index.ts')
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { type: 'application', name: 'keyplane-agent', version } },
    components: [...components.values()]
      .filter(({ name }) => name !== 'keyplane-executable')
      .toSorted((a, b) => (a.purl < b.purl ? -1 : 1)),
  }
}

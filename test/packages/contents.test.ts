import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { describe, expect, inject, it } from 'vitest'
import { publicPackages } from '../../tools/public-packages.ts'

const root = join(import.meta.dirname, '../..')
const packed = inject('packed')
const installed = inject('installed')

const allowed = /^(?:bin\/[\w-]+\.js|(?:bundle|dist|src)\/[\w/.-]+\.(?:js|ts|map)|package\.json|LICENSE|README\.md)$/
const forbidden = /\.test\.|(?:^|\/)(?:test|\.keyplane|\.env|logs|coverage)(?:\/|$)|tsbuildinfo/

/** The files that a package says it is entered by. */
const entries = (manifest: string): string[] => {
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports: Record<string, Record<string, string>> }
  return Object.values(exports).flatMap((entry) => Object.values(entry).map((path) => path.replace('./', '')))
}

it('packs every public package', () => {
  expect(packed.map(({ name }) => name).sort()).toEqual(
    publicPackages(root)
      .map(({ name }) => name)
      .sort(),
  )
})

describe.each([...publicPackages(root)])('$name', ({ name, folder }) => {
  const files = packed.find((entry) => entry.name === name)?.files ?? []
  const at = (file: string): string => join(installed, 'node_modules', name, file)

  it('holds what a user needs, and nothing else', () => {
    expect(files.filter((file) => !allowed.test(file) || forbidden.test(file))).toEqual([])
    const needed = ['LICENSE', 'README.md', 'package.json', 'dist/index.d.ts', ...entries(at('package.json'))]
    expect(needed.filter((file) => !files.includes(file))).toEqual([])
  })

  it('carries the licence of the whole', () => {
    expect(readFileSync(at('LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'))
  })

  it('has a source for each built file, so that no map points nowhere', () => {
    const maps = files.filter((file) => file.endsWith('.map'))
    const lost = maps.filter((map) => {
      const { sources } = JSON.parse(readFileSync(at(map), 'utf8')) as { sources: string[] }
      return sources.some((source) => !existsSync(at(join(dirname(map), source))))
    })
    expect(lost, 'files of an older build: remove dist and build again').toEqual([])
  })

  it('passes publint', async () => {
    const pkgDir = join(root, folder)
    const { messages } = await publint({ pkgDir, level: 'suggestion', strict: true, pack: 'npm' })
    const manifest = JSON.parse(readFileSync(join(pkgDir, 'package.json'), 'utf8')) as Record<string, unknown>
    expect(messages.map((message) => formatMessage(message, manifest))).toEqual([])
  })
})

it('brings along only what the packages name', () => {
  const tree = JSON.parse(
    execFileSync('npm', ['ls', '--all', '--json'], {
      cwd: installed,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  ) as { problems?: string[] }
  expect(tree.problems ?? []).toEqual([])
  expect(readdirSync(join(installed, 'node_modules')).filter((entry) => entry.startsWith('@aws-sdk'))).toEqual([])
})

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { node20, pinnedNode } from './node-versions.ts'
import { publicPackages } from '../../tools/public-packages.ts'

/** A package as it would be published. */
export interface Packed {
  readonly name: string
  readonly tarball: string
  /** Paths in the tarball. */
  readonly files: readonly string[]
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder that the tarballs are installed in, with nothing else. */
    installed: string
    packed: readonly Packed[]
    /** Executables. */
    nodes: { readonly pinned: string; readonly oldest: string }
  }
}

const root = join(import.meta.dirname, '../..')

/** Packs every package, installs the tarballs in an empty folder, and removes it all at the end. */
export const setup = (project: TestProject): (() => void) => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-packages-'))
  const packed = pack(join(folder, 'tarballs'))
  const installed = join(folder, 'program')
  install(installed, packed)
  project.provide('packed', packed)
  project.provide('installed', installed)
  project.provide('nodes', { pinned: pinnedNode(root), oldest: node20(join(folder, 'node-20')) })
  return () => rmSync(folder, { recursive: true, force: true })
}

const npm = (args: readonly string[], cwd: string): string =>
  execFileSync('npm', [...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const pack = (destination: string): readonly Packed[] => {
  mkdirSync(destination, { recursive: true })
  const workspaces = publicPackages(root).flatMap(({ name }) => ['--workspace', name])
  const answer = JSON.parse(npm(['pack', '--json', ...workspaces, '--pack-destination', destination], root)) as object
  // npm 11 answers with a list, npm 12 with an object by name.
  const reports = Object.values(answer) as { name: string; filename: string; files: { path: string }[] }[]
  return reports.map(({ name, filename, files }) => ({
    name,
    tarball: join(destination, filename),
    files: files.map(({ path }) => path),
  }))
}

/** Types that the consumers of the type tests need; the rest of what is installed comes with the packages. */
const typesOfNode = (): string => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  return `@types/node@${manifest.devDependencies['@types/node']}`
}

const install = (folder: string, packed: readonly Packed[]): void => {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "name": "program", "private": true, "type": "module" }\n')
  const tarballs = packed.map(({ tarball }) => tarball)
  npm(['install', ...tarballs, typesOfNode(), '--prefer-offline', '--no-audit', '--no-fund'], folder)
}

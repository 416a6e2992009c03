import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const majorOf = (node: string): number => {
  try {
    return Number(execFileSync(node, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' }))
  } catch {
    return 0
  }
}

/** The Node.js that the workspace pins. */
export const pinnedNode = (root: string): string => join(root, 'node_modules/.bin/node')

/** The oldest Node.js that is supported: the machine's own where that is 20, else one from npm in this folder. */
export const node20 = (folder: string): string => {
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((entry) => !entry.includes('node_modules'))
    .map((entry) => join(entry, 'node'))
    .find((node) => existsSync(node) && majorOf(node) === 20)
  return onPath ?? installNode20(folder)
}

const installNode20 = (folder: string): string => {
  const name = `node-${process.platform}-${process.arch}`
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  execFileSync('npm', ['install', `${name}@20`, '--prefer-offline', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'pipe',
  })
  return join(folder, 'node_modules', name, 'bin/node')
}

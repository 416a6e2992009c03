#!/usr/bin/env node
// The launcher: plain JavaScript that any Node.js can read, so that one that is too old says so in a sentence.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isRecent = major > 22 || (major === 22 && minor >= 18)
const source = new URL('../src/main.ts', import.meta.url)

/** The Node.js that the workspace pins as a package, where it is installed. */
const pinnedNode = () => {
  try {
    return createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`)
  } catch {
    return undefined
  }
}

const runWith = (node) => {
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

const node = isRecent ? undefined : pinnedNode()
if (node) runWith(node)
else if (!isRecent) {
  process.stderr.write(
    `keyplane needs Node.js 22.18 or newer; this is ${process.versions.node}. Install a newer one (24 is the current LTS).\n`,
  )
  process.exitCode = 78
} else {
  if (existsSync(source)) {
    // A checkout runs from its sources: every package's `source` condition comes first.
    const { registerHooks } = await import('node:module')
    registerHooks({
      resolve: (specifier, context, next) =>
        next(specifier, { ...context, conditions: ['source', ...context.conditions] }),
    })
  }
  const { main } = await import(existsSync(source) ? source.href : new URL('../dist/main.js', import.meta.url).href)
  await main()
}

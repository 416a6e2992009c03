#!/usr/bin/env node
// The launcher: plain JavaScript that any Node.js can read, so that one that is too old says so in a sentence.
import { spawn } from 'node:child_process'
import nodeModule, { createRequire } from 'node:module'
import { constants } from 'node:os'
import { setFlagsFromString } from 'node:v8'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isRecent = major > 22 || (major === 22 && minor >= 18)
/** Node.js strips types outside `node_modules` only, so an installed package runs what was built. */
const isCheckout = !import.meta.url.includes('/node_modules/')
const entry = new URL(isCheckout ? '../src/main.ts' : '../dist/main.js', import.meta.url)

/** The Node.js that the workspace pins as a package, where it is installed. */
const pinnedNode = () => {
  try {
    return createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`)
  } catch {
    return undefined
  }
}

/** What `keyplane run` passes on to its program has to reach it first. */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT']

const runWith = (node) => {
  // Before the child is there: it may signal us as its first act.
  for (const signal of forwarded) process.on(signal, () => child.kill(signal))
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' })
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
  if (isCheckout) {
    // WebAssembly strips the types, in each thread; Node.js 24 may abort as it compiles its calls anew (nodejs/node#64500).
    if (major === 24) setFlagsFromString('--wasm-wrapper-tiering-budget=2147483647')
    // A checkout runs from its sources: every package's `source` condition comes first.
    const { registerHooks } = await import('node:module')
    registerHooks({
      resolve: (specifier, context, next) =>
        next(specifier, { ...context, conditions: ['source', ...context.conditions] }),
    })
  }
  // What was compiled once is not compiled again: a start takes less than half the time.
  nodeModule.enableCompileCache?.()
  const { main } = await import(entry.href)
  await main()
}

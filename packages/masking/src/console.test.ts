import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { maskConsole } from './console.ts'

const canary = 'canary-5f2e91'

/** A real console of Node's that prints into memory. */
const start = () => {
  const printed: string[] = []
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      printed.push(chunk.toString())
      done()
    },
  })
  return { console: maskConsole(new Console(stream, stream)), text: () => printed.join('') }
}

describe('a masked console', () => {
  it('masks what is printed, each way', () => {
    const { console, text } = start()
    console.log({ password: canary }, `token=${canary}`)
    console.log('password=%s and %o', canary, { secret: canary })
    console.info('password:', canary)
    console.error(new Error(`token=${canary}`, { cause: new Error(`pwd=${canary}`) }))
    console.warn(new Map([['apiKey', canary]]))
    console.debug('%j', { cookie: canary })
    console.trace(`password=${canary}`)
    console.dir({ a: { token: canary } }, { depth: 5 })
    console.table([{ user: 'ann', password: canary }])
    console.group(`token=${canary}`)
    console.assert(false, `password=${canary}`)
    console.count(`token=${canary}`)
    expect(text()).not.toContain(canary)
    expect(text().match(/\*\*\*\*/g)?.length).toBeGreaterThan(11)
  })

  it('prints the rest as it is', () => {
    const { console, text } = start()
    console.log()
    console.log('100% of %s', 'x', 1, { a: [1] })
    console.assert(true, 'unseen')
    console.log('%%')
    expect(text()).toBe('\n100% of x 1 { a: [ 1 ] }\n%%\n')
  })

  it('is still a console', () => {
    expect(start().console).toBeInstanceOf(Console)
  })
})

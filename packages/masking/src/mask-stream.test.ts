import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createStreamMasker, maskStream, type MaskStreamOptions } from './mask-stream.ts'
import { createValueRegistry } from './values/value-registry.ts'

const secret = 'gT7-pQ2x!Zk9'
const pem = `-----BEGIN THING-----\nshort\n${'MIIEvQIBADANBgkqhkiG9w0B'.repeat(2)}\n-----END THING-----`

const start = (options: MaskStreamOptions = {}, ...held: readonly string[]) => {
  const values = createValueRegistry()
  for (const value of [secret, ...held]) values.hold(value)
  const masker = createStreamMasker({ values, ...options })
  const push = (text: string): string => Buffer.from(masker.push(Buffer.from(text))).toString()
  return { values, push, end: () => Buffer.from(masker.end()).toString() }
}

describe('a stream masker', () => {
  it('holds back only what may be the beginning of a form', () => {
    const { push, end } = start()
    expect(push('name? ')).toBe('name? ')
    expect(push('it is gT7-p')).toBe('it is ')
    expect(push('lus')).toBe('gT7-plus')
    expect(push('gT7-pQ2x!')).toBe('')
    expect(push('Zk9')).toBe('****')
    expect(push('a gT7')).toBe('a ')
    expect(end()).toBe('gT7')
  })

  it('shows a prompt at once, however many values begin like it', () => {
    const { push } = start({}, ...Array.from({ length: 500 }, (_, index) => `postgres://app:${index}@db/${index}`))
    expect(push('postgres=# ')).toBe('postgres=# ')
    expect(push('postgres://app:12')).toBe('')
    expect(push('0x')).toBe('postgres://app:120x')
  })

  it('finds a value that comes to be known later, from then on', () => {
    const { push, values } = start()
    expect(push('later-value ')).toBe('later-value ')
    values.note('later-value')
    expect(push('later-value ')).toBe('**** ')
  })

  it('leaves bytes that are no text as they are', () => {
    const bytes = Uint8Array.from({ length: 512 }, (_, index) => index % 256)
    const masker = createStreamMasker({ values: createValueRegistry() })
    expect(masker.push(bytes)).toBe(bytes)
    const { values } = start()
    const other = createStreamMasker({ values })
    expect(Buffer.concat([other.push(bytes), other.end()]).equals(bytes)).toBe(true)
  })

  it('finds a value of 64 KB in single bytes', () => {
    const long = Array.from({ length: 9_000 }, (_, index) => (index * 7_919).toString(36))
      .join('-')
      .slice(0, 65_536)
    const { push, end } = start({}, long)
    let shown = ''
    for (const character of `<${long}>`) shown += push(character)
    expect(shown + end()).toBe('<****>')
  }, 60_000)

  it('keeps JSON', () => {
    const { push, end } = start({}, 'nabc"d\\12')
    const line = JSON.stringify({ a: `\nabc"d\\12 nabc"d\\12`, b: secret })
    let shown = ''
    for (const character of line) shown += push(character)
    expect(JSON.parse(shown + end())).toMatchObject({ b: '****' })
  })
})

describe('a stream masker by line', () => {
  it('masks keys, forms and values, each line when it is at its end', () => {
    const { push, end } = start({ byLine: true, keys: ['ssn'] })
    expect(push('{"password":"x","ssn":5,"a":"')).toBe('')
    expect(push(`${secret}"}\ntoken=abc`)).toBe('{"password":"****","ssn":"****","a":"****"}\n')
    expect(end()).toBe('token=****')
  })

  it('finds a value that goes over several lines', () => {
    const { push, end } = start({ byLine: true }, pem)
    let shown = ''
    for (const character of `a\n${pem}\nshort\nb`) shown += push(character)
    expect(shown + end()).toBe('a\n****\nshort\nb')
  })

  it('masks a number that is a value, and keeps the JSON', () => {
    const { push } = start({ byLine: true }, '918273645546')
    expect(push('{"account":918273645546,"b":1}\n')).toBe('{"account":"****","b":1}\n')
  })

  it('goes on in pieces where a line is too long', () => {
    const { push, end } = start({ byLine: true })
    let shown = ''
    for (let turn = 0; turn < 3; turn += 1) shown += push(`${'x '.repeat(40_000)}${secret}`)
    expect(shown.length).toBeGreaterThan(160_000)
    shown += push('\npassword=abc\n') + end()
    expect(shown).not.toContain(secret)
    expect(shown.endsWith('****\npassword=****\n')).toBe(true)
  })

  it('takes lines that are no UTF-8', () => {
    const { values } = start()
    const masker = createStreamMasker({ values, byLine: true })
    const line = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(` ${secret} password=abc\n`)])
    const shown = Buffer.from(masker.push(line))
    expect(shown.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xfe]))
    expect(shown.subarray(2).toString()).toBe(' **** password=****\n')
  })
})

describe('maskStream', () => {
  it('masks what a child prints', async () => {
    const values = createValueRegistry()
    values.hold(secret)
    const script = `const s = process.env.SECRET; process.stdout.write('a ' + s.slice(0, 5)); setTimeout(() => process.stdout.write(s.slice(5) + ' ' + Buffer.from(s).toString('base64') + ' é'), 20)`
    const child = spawn(process.execPath, ['-e', script], { env: { SECRET: secret } })
    const stream = child.stdout.pipe(maskStream({ values }))
    let shown = ''
    stream.setEncoding('utf8').on('data', (text: string) => (shown += text))
    await once(stream, 'end')
    expect(shown).toMatch(/^a \*\*\*\* \*\*\*\*.?={0,2} é$/)
  })

  it('takes texts, and gives what it held back at the end', async () => {
    const stream = maskStream({ values: start().values })
    stream.write(`x ${secret} `)
    stream.end('gT7-')
    expect(Buffer.concat(await stream.toArray()).toString()).toBe('x **** gT7-')
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { readFunctionsFile } from './functions-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyplane-functions-'))
  return () => rmSync(folder, { recursive: true })
})
const read = (content: unknown) => {
  const path = join(folder, 'functions.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return readFunctionsFile(path)
}
const one = { name: 'rotate', runtime: 'python', handler: 'lambda_function.lambda_handler', folder: 'rotate' }

describe('a functions file', () => {
  it('says where each function is, by folders relative to it', () => {
    expect(read({ functions: [one, { ...one, name: 'other', environment: { A: 'b' }, timeoutSeconds: 5 }] })).toEqual([
      { ...one, folder: join(folder, 'rotate'), environment: {}, timeoutMs: 30_000 },
      { ...one, name: 'other', folder: join(folder, 'rotate'), environment: { A: 'b' }, timeoutMs: 5_000 },
    ])
  })

  it.each([
    ['{', 'is not JSON.'],
    [[], 'is not {"functions": […]}.'],
    [{ functions: [], more: 1 }, 'is not {"functions": […]}.'],
    [{ functions: ['x'] }, ': function 0 is no object.'],
    [{ functions: [{ ...one, Handler: 'x' }] }, ': function 0 has "Handler", which is none of'],
    [{ functions: [{ ...one, name: 'a b' }] }, ': function 0 needs a name'],
    [{ functions: [{ ...one, runtime: 'ruby' }] }, ': function 0 needs a runtime: nodejs or python.'],
    [{ functions: [{ ...one, handler: 'x' }] }, ': function 0 needs a handler'],
    [{ functions: [{ ...one, folder: '' }] }, ': function 0 needs a folder.'],
    [{ functions: [{ ...one, environment: { A: 1 } }] }, ': function 0 has an environment'],
    [{ functions: [{ ...one, timeoutSeconds: 0 }] }, ': function 0 has timeoutSeconds'],
    [{ functions: [one, one] }, 'names rotate twice.'],
  ])('refuses %j', (content, problem) => {
    expect(() => read(content)).toThrow(problem)
  })

  it('has to be there', () => {
    expect(() => readFunctionsFile(join(folder, 'nowhere.json'))).toThrow("can't be read (ENOENT).")
  })
})

import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runProgram } from '../../../packages/cli/test/keyplane-process.ts'
import { sdk } from './sdk.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const compiler = fileURLToPath(new URL('../../../node_modules/.bin/tsc', import.meta.url))

describe('the clients of the SDKs', () => {
  it('are what the providers’ options take', async () => {
    await sdk('@google-cloud/secret-manager')
    const options = { cwd: folder, env: { PATH: process.env['PATH'] } }
    const { code, stdout } = await runProgram(compiler, ['-p', folder], options)
    expect(code, stdout).toBe(0)
  })

  it('are named exports where Node loads them', async () => {
    const script = `
      const { SecretManagerServiceClient } = await import('@google-cloud/secret-manager')
      const { SecretClient } = await import('@azure/keyvault-secrets')
      const { DefaultAzureCredential } = await import('@azure/identity')
      console.log([SecretManagerServiceClient, SecretClient, DefaultAzureCredential].map((it) => typeof it).join())`
    const run = ['--input-type=module', '--eval', script]
    const { stdout } = await runProgram(process.execPath, run, { cwd: folder, env: { PATH: process.env['PATH'] } })
    expect(stdout.trim()).toBe('function,function,function')
  })
})

import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finished } from '../../../packages/cli/test/keyplane-process.ts'
import { requiredTool } from '../required-tool.ts'
import { RealPlane } from '../start-plane.ts'

const plane = new RealPlane()
beforeAll(() => plane.start('store'))
afterAll(() => plane.remove())

const cli = (service: string, args: readonly string[], before?: string): Promise<Finished> =>
  plane.inShell([requiredTool('aws'), '--output', 'json', service, ...args], before)

/** A call that works, with its answer; a value goes in by file, as no value belongs in an argument list. */
const ok = async (operation: string, ...args: string[]): Promise<Record<string, unknown>> => {
  const { code, stdout, stderr } = await cli('secretsmanager', [operation, ...args])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>)
}

const refused = async (operation: string, ...args: string[]): Promise<string> => {
  const { code, stderr } = await cli('secretsmanager', [operation, ...args])
  expect(code).toBeGreaterThan(0)
  return stderr.trim()
}

const secretString = (text: string): string[] => {
  writeFileSync(plane.folder.at('value'), text)
  return ['--secret-string', 'file://value']
}

describe('the AWS CLI', () => {
  it('creates, reads and updates a secret', async () => {
    const created = await ok('create-secret', '--name', 'cli/life', '--description', 'one', ...secretString('first'))
    expect(created['ARN']).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:cli\/life-\w{6}$/)
    const first = await ok('get-secret-value', '--secret-id', 'cli/life')
    expect(first).toMatchObject({ ...created, SecretString: 'first', VersionStages: ['AWSCURRENT'] })
    await ok('update-secret', '--secret-id', 'cli/life', '--description', 'two', ...secretString('second'))
    expect((await ok('get-secret-value', '--secret-id', 'cli/life'))['SecretString']).toBe('second')
    const put = await ok('put-secret-value', '--secret-id', 'cli/life', ...secretString('third'))
    expect((await ok('get-secret-value', '--secret-id', String(created['ARN'])))['SecretString']).toBe('third')
    const previous = await ok('get-secret-value', '--secret-id', 'cli/life', '--version-stage', 'AWSPREVIOUS')
    expect(previous['SecretString']).toBe('second')
    const described = await ok('describe-secret', '--secret-id', 'cli/life')
    expect(described).toMatchObject({ Name: 'cli/life', Description: 'two', LastChangedDate: expect.any(Number) })
    expect(described['VersionIdsToStages']).toMatchObject({ [String(put['VersionId'])]: ['AWSCURRENT'] })
  })

  it('keeps bytes as they are', async () => {
    const bytes = Buffer.from([0, 1, 127, 128, 255])
    writeFileSync(plane.folder.at('bytes'), bytes)
    await ok('create-secret', '--name', 'cli/bytes', '--secret-binary', 'fileb://bytes')
    const { SecretBinary } = await ok('get-secret-value', '--secret-id', 'cli/bytes')
    expect(Buffer.from(String(SecretBinary), 'base64')).toEqual(readFileSync(plane.folder.at('bytes')))
  })

  it('lists by filter and by page', async () => {
    for (const name of ['a', 'b', 'c']) await ok('create-secret', '--name', `cli/page/${name}`, ...secretString('v'))
    const filter = ['--filters', 'Key=name,Values=cli/page/']
    const { SecretList } = await ok('list-secrets', ...filter, '--page-size', '2')
    expect((SecretList as { Name: string }[]).map(({ Name }) => Name)).toEqual(
      ['a', 'b', 'c'].map((name) => `cli/page/${name}`),
    )
    const first = await ok('list-secrets', ...filter, '--max-items', '2')
    const rest = await ok('list-secrets', ...filter, '--starting-token', String(first['NextToken']))
    expect(rest['SecretList']).toMatchObject([{ Name: 'cli/page/c' }])
  })

  it('deletes with a window, is refused the value, and restores', async () => {
    await ok('create-secret', '--name', 'cli/gone', ...secretString('back again'))
    const deleted = await ok('delete-secret', '--secret-id', 'cli/gone', '--recovery-window-in-days', '7')
    const inSevenDays = Date.now() + 7 * 86_400_000
    expect(Math.abs(Number(deleted['DeletionDate']) * 1_000 - inSevenDays)).toBeLessThan(60_000)
    expect(await refused('get-secret-value', '--secret-id', 'cli/gone')).toMatch(
      /^An error occurred \(InvalidRequestException\) when calling the GetSecretValue operation: .*deletion/,
    )
    await ok('restore-secret', '--secret-id', 'cli/gone')
    expect((await ok('get-secret-value', '--secret-id', 'cli/gone'))['SecretString']).toBe('back again')
    await ok('delete-secret', '--secret-id', 'cli/gone', '--force-delete-without-recovery')
    expect(await refused('describe-secret', '--secret-id', 'cli/gone')).toBe(
      "An error occurred (ResourceNotFoundException) when calling the DescribeSecret operation: Secrets Manager can't find the specified secret.",
    )
  })

  it('asks STS who it is', async () => {
    const { code, stdout } = await cli('sts', ['get-caller-identity'])
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { Account: '000000000000', Arn: 'arn:aws:iam::000000000000:user/developer' },
    ])
  })

  it.each([
    ['a wrong secret key', 'AWS_SECRET_ACCESS_KEY=wrong', 'InvalidSignatureException', 'SignatureDoesNotMatch'],
    ['an unknown key', 'AWS_ACCESS_KEY_ID=AKIAUNKNOWN000000000', 'UnrecognizedClientException', 'InvalidClientTokenId'],
  ])('says what is wrong with %s', async (_what, setting, secretsManager, sts) => {
    const list = await cli('secretsmanager', ['list-secrets'], `export ${setting}`)
    expect([list.code > 0, list.stderr]).toEqual([true, expect.stringContaining(`(${secretsManager})`)])
    const identity = await cli('sts', ['get-caller-identity'], `export ${setting}`)
    expect([identity.code > 0, identity.stderr]).toEqual([true, expect.stringContaining(`(${sts})`)])
  })
})

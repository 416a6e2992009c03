import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { credentialsFile } from './credentials-file.ts'

const start = () => {
  const path = join(mkdtempSync(join(tmpdir(), 'keyplane-credentials-')), 'credentials')
  const problems: string[] = []
  const write = (text: string, mode = 0o600): void => {
    writeFileSync(path, text)
    chmodSync(path, mode)
  }
  return { path, problems, write, source: credentialsFile(path, { onProblem: (problem) => problems.push(problem) }) }
}

const profile = (name: string, token: string): string =>
  `[${name}]\naws_access_key_id = AKID-${token}\naws_secret_access_key=canary/+=\naws_session_token = ${token}\n`

describe('a credentials file', () => {
  it('gives its [default] profile, whatever other profiles hold', async () => {
    const { source, write, problems } = start()
    write(`${profile('one', 'wrong')}# a comment\n${profile('default', 'right')}${profile('two', 'wrong')}`)
    expect(await source()).toEqual({ accessKeyId: 'AKID-right', secretAccessKey: 'canary/+=', sessionToken: 'right' })
    expect(problems).toEqual([])
  })

  it('may come later than the agent, and is followed', async () => {
    const { path, source, write, problems } = start()
    await expect(source()).rejects.toMatchObject({ code: 'source_misconfigured' })
    await expect(source()).rejects.toMatchObject({ code: 'source_misconfigured' })
    expect(problems).toEqual([`The credentials file ${path} is not used: it can't be read (ENOENT).`])
    write(profile('default', 'first'))
    expect((await source()).sessionToken).toBe('first')
    write(profile('default', 'second one'))
    expect((await source()).sessionToken).toBe('second one')
  })

  it('that is spoilt or gone leaves the last good credentials, and is told once', async () => {
    const { path, source, write, problems } = start()
    write(profile('default', 'good'))
    await source()
    write('[default]\naws_access_key_id = canary\n')
    for (let call = 0; call < 3; call += 1) expect((await source()).sessionToken).toBe('good')
    rmSync(path)
    for (let call = 0; call < 3; call += 1) expect((await source()).sessionToken).toBe('good')
    expect(problems).toHaveLength(2)
    expect(problems.join()).not.toContain('canary')
  })

  it('with keys that are good for ever is refused', async () => {
    const { source, write } = start()
    write('[default]\naws_access_key_id = AKID\naws_secret_access_key = canary\n')
    await expect(source()).rejects.toThrow(/aws_session_token, and long-term keys/)
  })

  it('that others may read is used, and told of', async () => {
    const { source, write, problems } = start()
    write(profile('default', 'open'), 0o644)
    expect((await source()).sessionToken).toBe('open')
    expect(problems.join()).toContain('chmod 600')
  })
})

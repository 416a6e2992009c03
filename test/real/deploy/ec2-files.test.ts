import { readFileSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { bareEnvironment, RunningProcess } from '../../../packages/cli/test/keyplane-process.ts'
import { freePort } from '../openbao/bao-server.ts'
import { requiredTool } from '../required-tool.ts'
import { builtExecutable } from './built-executable.ts'
import { InstallFolder } from './install-folder.ts'
import { deployFile, readUnit } from './unit-file.ts'

const executable = builtExecutable()
const units = ['awssmaseedtoken.service', 'awssmastartup.service']

let folder: InstallFolder
beforeEach(() => {
  folder = new InstallFolder()
  return () => folder.remove()
})

describe('the installer, in a folder', () => {
  it('puts each file where AWS has it, twice as once', async () => {
    expect(await folder.script('install', executable)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    const first = folder.tree()
    expect(first).toEqual([
      '/etc/keyplane-agent/agent.toml 644',
      '/etc/systemd/system/awssmaseedtoken.service 644',
      '/etc/systemd/system/awssmastartup.service 644',
      '/etc/systemd/system/multi-user.target.wants/awssmaseedtoken.service -> ../awssmaseedtoken.service',
      '/etc/systemd/system/multi-user.target.wants/awssmastartup.service -> ../awssmastartup.service',
      '/opt/aws/secretsmanageragent/bin/aws_secretsmanager_agent -> keyplane-agent',
      '/opt/aws/secretsmanageragent/bin/awssmaseedtoken 755',
      '/opt/aws/secretsmanageragent/bin/keyplane-agent 755',
      '/opt/aws/secretsmanageragent/bin/uninstall 755',
      '/opt/aws/secretsmanageragent/logs 750',
    ])
    writeFileSync(folder.at('etc/keyplane-agent/agent.toml'), 'ttl_seconds = 60\n')
    expect((await folder.script('install', executable)).code).toBe(0)
    expect(folder.tree()).toEqual(first)
    expect(readFileSync(folder.at('etc/keyplane-agent/agent.toml'), 'utf8')).toBe('ttl_seconds = 60\n')
  })

  it('is undone by uninstall, twice as once, but for the configuration', async () => {
    await folder.script('install', executable)
    for (let times = 0; times < 2; times += 1) {
      expect(await folder.script('uninstall')).toMatchObject({ code: 0, stderr: '' })
      expect(folder.tree()).toEqual([
        '/etc/keyplane-agent/agent.toml 644',
        '/etc/systemd/system 755',
        '/opt/aws/secretsmanageragent/logs 750',
      ])
    }
    expect(await folder.script('uninstall', '--purge')).toMatchObject({ code: 0, stderr: '' })
    expect(folder.tree()).toEqual(['/etc/systemd/system 755', '/opt 755'])
  })

  it('takes nothing that is not the agent', async () => {
    expect(await folder.script('install', '/bin/true')).toMatchObject({
      code: 1,
      stderr: 'install: /bin/true does not run here, or is not the agent.\n',
    })
    expect(await folder.script('install', '/nowhere')).toMatchObject({
      code: 1,
      stderr: 'install: there is no /nowhere.\n',
    })
    expect(folder.tree()).toEqual([])
  })

  it('gives an example configuration that the agent takes, as it is and with every line counting', async () => {
    const port = await freePort()
    const text = readFileSync(deployFile('ec2/agent.toml'), 'utf8')
    const counting = text
      .replace(/^# (?=\[|\w+ = )/gm, '')
      .replace('http_port = 2773', `http_port = ${port}`)
      .replace(/"\/(?:var|run|etc)\//g, `"${folder.path}/`)
    expect(counting.match(/^\w+ = /gm)?.length).toBe(text.match(/^# \w+ = /gm)?.length)
    for (const [name, toml] of Object.entries({ 'as-is.toml': text, 'counting.toml': counting })) {
      writeFileSync(folder.at(name), toml)
      const { stderr } = await folder.run(executable, ['--healthcheck', '--config', name])
      expect(stderr).toMatch(/^(?:No agent answers|$)/)
    }
  })
})

describe('the scripts and units', () => {
  it('are clean to shellcheck', async () => {
    const scripts = ['install', 'uninstall', 'awssmaseedtoken'].map((name) => deployFile(`ec2/${name}`))
    expect(await folder.run(requiredTool('shellcheck'), scripts)).toMatchObject({ code: 0, stdout: '' })
  })

  it('are understood by systemd, where they are installed', async () => {
    await folder.script('install', executable)
    const installed = units.map((name) => folder.at('etc/systemd/system', name))
    const args = ['verify', '--man=no', '--recursive-errors=no', `--root=${folder.path}`, ...installed]
    expect(await folder.run(requiredTool('systemd-analyze'), args)).toMatchObject({ code: 0, stderr: '' })
  })

  it('let an agent rest that ended as it should, as with enabled = false', async () => {
    writeFileSync(folder.at('agent.toml'), '[capabilities.secrets_manager]\nenabled = false\n')
    expect(await folder.run(executable, ['--config', 'agent.toml'])).toMatchObject({ code: 0 })
    expect(readUnit('awssmastartup.service').get('Restart')).toEqual(['on-failure'])
  })

  it.each(units)('give away little, as systemd counts it: %s', async (name) => {
    const args = ['security', '--offline=yes', '--threshold=25', '--no-pager', deployFile(`ec2/${name}`)]
    const { code, stdout } = await folder.run(requiredTool('systemd-analyze'), args)
    expect([code, Number(/exposure level for \S+ ([\d.]+)/.exec(stdout)?.[1]) <= 2.5]).toEqual([0, true])
  })

  it('allow every call to the system that the agent makes', async () => {
    writeFileSync(folder.at('token'), 'a token\n')
    writeFileSync(folder.at('agent.toml'), 'http_port = 0\nlog_to_file = false\n[keyplane]\nsource = "env"\n')
    const traced = folder.at('calls')
    const env = { ...bareEnvironment(folder.path), AWS_TOKEN: `file://${folder.at('token')}`, DEMO: 'x' }
    const strace = ['-f', '-o', traced, executable, '--config', 'agent.toml']
    const agent = new RunningProcess(requiredTool('strace'), strace, { cwd: folder.path, env })
    const url = /http:\S+/.exec(await agent.firstLine())?.[0]
    const headers = { 'X-Vault-Token': 'a token' }
    for (let reads = 0; reads < 300; reads += 1)
      expect((await fetch(`${url}/secretsmanager/get?secretId=DEMO`, { headers })).status).toBe(200)
    const pid = Number(/^\d+/.exec(readFileSync(traced, 'utf8'))?.[0])
    process.kill(pid, 'SIGTERM')
    await agent.finished
    const made = new Set([...readFileSync(traced, 'utf8').matchAll(/^\d+ +(\w+)\(/gm)].map(([, call = '']) => call))
    const allowed = await allowedCalls()
    expect(made.size).toBeGreaterThan(20)
    expect([...made].filter((call) => !allowed.has(call))).toEqual([])
  })
})

/** What the unit's filters leave, in their order. */
const allowedCalls = async (): Promise<ReadonlySet<string>> => {
  const groups = new Map<string, string[]>()
  const { stdout } = await folder.run(requiredTool('systemd-analyze'), ['syscall-filter', '--no-pager'])
  let group: string[] = []
  for (const line of stdout.split('\n')) {
    if (line.startsWith('@')) groups.set(line, (group = []))
    else if (/^ {4}[@\w]/.test(line)) group.push(line.trim())
  }
  const calls = (name: string): string[] =>
    name.startsWith('@') ? (groups.get(name) ?? []).flatMap((member) => calls(member)) : [name]
  const allowed = new Set<string>()
  for (const filter of readUnit('awssmastartup.service').get('SystemCallFilter') ?? [])
    for (const name of filter.replace(/^~/, '').split(' '))
      for (const call of calls(name))
        if (filter.startsWith('~')) allowed.delete(call)
        else allowed.add(call)
  return allowed
}

import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { builtExecutable } from './built-executable.ts'
import { InstallFolder } from './install-folder.ts'

const executable = builtExecutable()
const home = 'opt/aws/secretsmanageragent'
const agentFile = `/${home}/bin/aws_secretsmanager_agent`
const unitFile = 'etc/systemd/system/awssmastartup.service'
const unitThat = (command: string): string => `[Service]\nExecStart${command.replace('$A', agentFile)}\n`
/** Where an ELF file names its kind of machine. */
const machineAt = 18

let folder: InstallFolder
beforeEach(() => {
  folder = new InstallFolder()
  return () => folder.remove()
})

describe('the installer, with what it finds', () => {
  it('takes the executable by a bare name and without its x bit', async () => {
    copyFileSync(executable, folder.at('keyplane-agent'))
    chmodSync(folder.at('keyplane-agent'), 0o644)
    expect(await folder.script('install', 'keyplane-agent')).toMatchObject({ code: 0, stderr: '' })
  })

  it('puts an executable for another kind of machine into a folder, and says that it was not tried', async () => {
    const other = readFileSync(executable)
    other.writeUInt16LE(other.readUInt16LE(machineAt) ^ 0xff, machineAt)
    writeFileSync(folder.at('other'), other)
    expect(await folder.script('install', 'other')).toMatchObject({
      code: 0,
      stderr: 'install: other is for another kind of machine: neither it nor a configuration was tried.\n',
    })
  })

  it('writes through no link that the AWS agent’s user could have left', async () => {
    const victim = folder.put('victim/file', 'untouched')
    mkdirSync(folder.at(home, 'bin'), { recursive: true })
    for (const name of ['awssmaseedtoken', 'awssmaseedtoken.new', 'aws_secretsmanager_agent'])
      symlinkSync(victim, folder.at(home, 'bin', name))
    symlinkSync(dirname(victim), folder.at(home, 'bin/uninstall'))
    expect(await folder.script('install', executable)).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(victim, 'utf8')).toBe('untouched')
    expect(readdirSync(dirname(victim))).toEqual(['file'])
    for (const name of ['awssmaseedtoken', 'uninstall', 'keyplane-agent'])
      expect(lstatSync(folder.at(home, 'bin', name)).isFile()).toBe(true)
  })

  it.each(['', 'bin', 'logs'])('takes over no folder that is a link: %s', async (name) => {
    mkdirSync(folder.at('victim'), { mode: 0o755 })
    mkdirSync(dirname(folder.at(home, name)), { recursive: true })
    symlinkSync(folder.at('victim'), folder.at(home, name))
    expect(await folder.script('install', executable)).toMatchObject({
      code: 1,
      stderr: `install: ${join(folder.at(home), name)} is not a folder.\n`,
    })
    expect(folder.tree()).toContain('/victim 755')
  })

  it('leaves a host of the AWS Workload Credentials Provider alone', async () => {
    folder.put('opt/aws/workload-credentials-provider/bin/x', '')
    const before = folder.tree()
    const { code, stderr } = await folder.script('install', executable)
    expect([code, stderr]).toEqual([1, expect.stringContaining('the AWS Workload Credentials Provider is here')])
    expect(folder.tree()).toEqual(before)
  })

  it.each([
    ['=$A', '/etc/keyplane-agent/agent.toml'],
    ['=$A -c /etc/sma.toml', '/etc/sma.toml'],
    [' = $A --config /etc/sma.toml', '/etc/sma.toml'],
    ['=$A \\\n  -c /etc/sma.toml', '/etc/sma.toml'],
    ['=/old\nExecStart=\nExecStart=-$A -c /etc/sma.toml', '/etc/sma.toml'],
  ])('reads on the file that a unit names: ExecStart%s', async (command, config) => {
    folder.put('etc/sma.toml', 'ttl_seconds = 60\n')
    folder.put(unitFile, unitThat(command))
    expect(await folder.script('install', executable)).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(folder.at(unitFile), 'utf8')).toContain(`\nExecStart=${agentFile} --config ${config}\n`)
  })

  it.each([
    ['=$A -c "/etc/my agent.toml"', 'is not understood'],
    ['=$A -c /etc/a&b.toml', 'is not understood'],
    ['=$A -c /etc/%H.toml', 'is not understood'],
    ['=$A -c agent.toml', 'is not understood'],
    ['=/bin/sh -c "exec $A"', 'is not understood'],
    ['=', 'is not understood'],
    ['=$A -c /home/a.toml', 'hides /home/a.toml (ProtectHome=)'],
    ['=$A -c /tmp/a.toml', 'hides /tmp/a.toml (PrivateTmp=)'],
    ['=$A -c /etc/none.toml', '(ENOENT)'],
    ['=$A -c /etc/wrong.toml', ':1: ttl_seconds must be'],
  ])('changes nothing where the agent would not start: ExecStart%s', async (command, why) => {
    folder.put('etc/wrong.toml', 'ttl_seconds = "soon"\n')
    folder.put(unitFile, unitThat(command))
    const before = folder.tree()
    const { code, stderr } = await folder.script('install', executable)
    expect([code, stderr]).toEqual([1, expect.stringContaining(why)])
    expect(folder.tree()).toEqual(before)
    expect(readFileSync(folder.at(unitFile), 'utf8')).toBe(unitThat(command))
  })

  it('keeps what somebody wrote into its own units', async () => {
    await folder.script('install', executable)
    for (const name of ['awssmaseedtoken.service', 'awssmastartup.service']) {
      const path = folder.at('etc/systemd/system', name)
      const edited = `${readFileSync(path, 'utf8')}# mine\n`
      writeFileSync(path, edited)
      expect((await folder.script('install', executable)).stdout).toBe(
        `The unit that was there is kept as ${path}.before-update; what you changed in it belongs into a drop-in.\n`,
      )
      expect(readFileSync(`${path}.before-update`, 'utf8')).toBe(edited)
    }
    await folder.script('uninstall', '--purge')
    expect(folder.tree()).toEqual(['/etc/systemd/system 755', '/opt 755'])
  })
})

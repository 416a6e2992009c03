import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AwsDouble } from '../../../packages/agent/test/aws-double.ts'
import type { RunningProcess } from '../../../packages/cli/test/keyplane-process.ts'
import { freePort } from '../openbao/bao-server.ts'
import { builtExecutable } from './built-executable.ts'
import { mayMount, ScratchHost } from './scratch-host.ts'
import { asService, deployFile, readUnit, unitSettings } from './unit-file.ts'

let executable: string
let host: ScratchHost
let aws: AwsDouble
let agent: RunningProcess | undefined
let port: number

beforeAll(() => {
  executable = builtExecutable()
})
beforeEach(async () => {
  host = await new ScratchHost().start()
  aws = new AwsDouble()
  aws.add('app/db', 'the value')
  port = await freePort()
})
afterEach(async () => {
  await agent?.stop('SIGKILL')
  agent = undefined
  await host.end()
  await aws.close()
})

const install = deployFile('ec2/install')
const home = '/opt/aws/secretsmanageragent'
const unitFile = '/etc/systemd/system/awssmastartup.service'
const credentials = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'k' }

/** Starts both units' programs as systemd would, in their order. */
const startUnits = async (unitText = unitFile, settings = '/etc/keyplane-agent/agent.toml'): Promise<void> => {
  const endpoint = await aws.listen()
  const toml = `http_port = ${port}\\nregion = "us-east-1"\\n[keyplane]\\nendpoint = "${endpoint}"\\n`
  await host.output(`printf '${toml}' >> ${settings}`)
  const seed = readUnit('awssmaseedtoken.service')
  const capabilities = (seed.get('CapabilityBoundingSet') ?? []).map(
    (name) => `+${name.replace('CAP_', '').toLowerCase()}`,
  )
  await host.output(
    `umask ${seed.get('UMask')?.[0]}; exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,${capabilities.join(',')} ${seed.get('ExecStart')?.[0]}`,
  )
  agent = host.started(asService(await unitOf(unitText), credentials))
  expect(await agent.firstLine()).toBe(`Keyplane Agent/0.1.0 listening on http://127.0.0.1:${port}`)
}
const unitOf = async (path: string) => unitSettings(await host.output(`cat ${path}`))

const secret = `curl -s -w ' %{http_code}' -H "X-Aws-Parameters-Secrets-Token: $(cat /var/run/awssmatoken)" 'http://127.0.0.1:PORT/secretsmanager/get?secretId=app/db'`
const readBy = (user: string) =>
  host.sh(
    `exec setpriv --reuid=${user} --regid=${user} --init-groups sh -c '${secret.replace('PORT', String(port)).replaceAll("'", `'"'"'`)}'`,
  )

describe.skipIf(!mayMount)('a host, as root', () => {
  it('serves those whom the installer’s line lets in, and nobody else', async () => {
    const told = await host.output(`useradd app; useradd stranger; ${install} ${executable}`)
    const line = /usermod -aG \S+ APP_USER/.exec(told)?.[0] ?? ''
    await host.output(line.replace('APP_USER', 'app'))
    await startUnits()
    expect(await host.output(`stat -Lc '%U:%G %a' /var/run/awssmatoken`)).toBe('root:awssmatokenreader 640\n')
    expect(await host.output('grep -cxE "[0-9a-f]{64}" /var/run/awssmatoken')).toBe('1\n')
    expect(await readBy('app')).toMatchObject({ stdout: expect.stringMatching(/"SecretString":"the value".* 200$/) })
    expect(await readBy('stranger')).toMatchObject({
      stdout: 'Bad Token 403',
      stderr: expect.stringContaining('Permission denied'),
    })
    expect(await host.output(`ps -o user:20= -p ${agent?.pid}`)).toBe('awssmauser\n')
    expect(await host.output(`ls -l ${home}/logs`)).toContain('awssmauser awssmatokenreader')
    expect(await agent?.stop()).toMatchObject({ code: 0, stderr: '' })
  })

  it('keeps token, configuration and members when the installer runs again', async () => {
    await host.output(`useradd app; ${install} ${executable}; usermod -aG awssmatokenreader app`)
    await host.output(`${home}/bin/awssmaseedtoken start; echo '# mine' >> /etc/keyplane-agent/agent.toml`)
    const state = `cat /var/run/awssmatoken /etc/keyplane-agent/agent.toml ${unitFile}; getent group awssmatokenreader; getent passwd awssmauser; ls -lR ${home}/bin | grep -v total`
    const before = await host.output(`${state} | sed 's/ [A-Z][a-z][a-z] .*[0-9] / /'`)
    await host.output(`${install} ${executable}`)
    expect(await host.output(`${state} | sed 's/ [A-Z][a-z][a-z] .*[0-9] / /'`)).toBe(before)
  })

  it('takes the place of an AWS agent, and keeps its configuration, token group and members', async () => {
    // As AWS's own installer leaves it, with a configuration that somebody gave to its unit.
    await host.output(`
      groupadd awssmatokenreader
      useradd -r -g awssmatokenreader -d ${home} awssmauser
      useradd -G awssmatokenreader app
      mkdir -p ${home}/bin ${home}/logs
      cp /bin/true ${home}/bin/aws_secretsmanager_agent
      printf 'ttl_seconds = 60\\n' > /etc/sma.toml
      chown -R awssmauser ${home}
      printf '[Unit]\\nDescription=Run the AWS Secrets Manager Agent\\n[Service]\\nUser=awssmauser\\nExecStart=${home}/bin/aws_secretsmanager_agent -c /etc/sma.toml\\n' > ${unitFile}`)
    const group = await host.output('getent group awssmatokenreader')
    expect(await host.output(`${install} ${executable}`)).toContain(`is kept as ${unitFile}.before-keyplane`)
    expect(await host.output('getent group awssmatokenreader')).toBe(group)
    expect((await unitOf(unitFile)).get('ExecStart')).toEqual([
      `${home}/bin/aws_secretsmanager_agent --config /etc/sma.toml`,
    ])
    await startUnits(unitFile, '/etc/sma.toml')
    expect(await readBy('app')).toMatchObject({ stdout: expect.stringMatching(/"SecretString":"the value".* 200$/) })
  })

  it('has nothing of it after uninstall, twice as once', async () => {
    const state = 'getent passwd; getent group; ls -A /opt /run /etc/systemd/system'
    const before = await host.output(state)
    await host.output(`${install} ${executable}; ${home}/bin/awssmaseedtoken start; ${home}/bin/uninstall --purge`)
    expect(await host.output(state)).toBe(before)
    await host.output(`${deployFile('ec2/uninstall')} --purge`)
    expect(await host.output(state)).toBe(before)
  })

  it('keeps the user and the group of what stays after uninstall', async () => {
    await host.output(`${install} ${executable}`)
    const accounts = await host.output('getent passwd awssmauser; getent group awssmatokenreader')
    await host.output(`${home}/bin/uninstall`)
    expect(await host.output('getent passwd awssmauser; getent group awssmatokenreader')).toBe(accounts)
  })

  it('keeps another agent’s token', async () => {
    await host.output('groupadd other; echo theirs > /run/awssmatoken; chgrp other /run/awssmatoken')
    const { code, stderr } = await host.sh(`${install} ${executable}`)
    expect([code, stderr]).toEqual([1, expect.stringContaining("another's /var/run/awssmatoken")])
    await host.output(`${deployFile('ec2/uninstall')} --purge`)
    expect(await host.output('cat /run/awssmatoken; ls -A /opt')).toBe('theirs\n')
  })

  it('is not changed by who is not root', async () => {
    const { code, stderr } = await host.sh(
      `exec setpriv --reuid=65534 --regid=65534 --clear-groups ${install} ${executable}`,
    )
    expect([code, stderr]).toEqual([1, 'install: this needs root: run it by sudo, or with DESTDIR.\n'])
  })
})

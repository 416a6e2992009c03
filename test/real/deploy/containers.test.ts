import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  bareEnvironment,
  type Finished,
  RunningProcess,
  runProgram,
} from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchFolder } from '../../../packages/cli/test/scratch-folder.ts'
import { freePort } from '../openbao/bao-server.ts'
import { requiredTool } from '../required-tool.ts'
import { copyContext, said, stages } from './dockerfile.ts'
import { mayMount } from './scratch-host.ts'
import { deployFile } from './unit-file.ts'

let folder: ScratchFolder
beforeEach(() => {
  folder = new ScratchFolder()
})
afterEach(() => folder.remove())

const run = (command: string, args: readonly string[], cwd: string = folder.path): Promise<Finished> =>
  runProgram(command, args, { cwd, env: bareEnvironment(folder.path) })

/** A manifest, and what its owner's schema says against it. */
const manifest = async (kind: string, path: string): Promise<{ value: unknown; problems: readonly string[] }> => {
  const script = new URL('read_manifest.py', import.meta.url).pathname
  const { code, stdout, stderr } = await run(requiredTool('python'), [script, kind, deployFile(path)])
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as { value: unknown; problems: readonly string[] }
}

/** Runs what makes a token, with its folder in ours, to its first token. */
const madeToken = async (script: string): Promise<string> => {
  mkdirSync(folder.at('keyplane'), { recursive: true })
  const here = script.replaceAll('/run/keyplane', folder.at('keyplane')).replace(/exec sleep \d+/, ':')
  expect(await run('/bin/sh', ['-c', here])).toMatchObject({ code: 0, stdout: '', stderr: '' })
  expect((statSync(folder.at('keyplane/token')).mode & 0o777).toString(8)).toBe('440')
  return readFileSync(folder.at('keyplane/token'), 'utf8')
}
const expectTokens = async (script: string): Promise<void> => {
  const tokens = [await madeToken(script), await madeToken(script)]
  for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{64}$/)
  expect(new Set(tokens).size).toBe(2)
}

describe('the image', () => {
  it('is built as hadolint advises', async () => {
    expect(await run(requiredTool('hadolint'), [deployFile('docker/Dockerfile')])).toMatchObject({
      code: 0,
      stdout: '',
    })
  })

  it.skipIf(!mayMount)(
    'is built by its stages, and runs without a shell, as nobody, on a root that can’t be written',
    async () => {
      const [build = [], runtime = []] = stages()
      copyContext(folder.at('src'))
      expect(existsSync(folder.at('src/packages/agent/src/main.ts'))).toBe(true)
      expect(existsSync(folder.at('src/packages/agent/src/config.test.ts'))).toBe(false)
      for (const line of said(build, 'RUN')) {
        // In this machine's own environment, which tells npm where it finds packages, and whom to trust.
        const { code, stderr } = await runProgram('/bin/sh', ['-c', line], { cwd: folder.at('src'), env: process.env })
        expect([code, stderr.replace(/^npm warn .*\n/gm, '')]).toEqual([0, ''])
      }
      expect(said(runtime, 'RUN')).toEqual([])
      for (const copy of said(runtime, 'COPY')) {
        const [source = '', target = ''] = copy.replace('--from=build /src/', '').split(' ')
        mkdirSync(dirname(folder.at('root', target)), { recursive: true })
        cpSync(folder.at('src', source), folder.at('root', target))
      }
      const sbom = JSON.parse(readFileSync(folder.at('root/usr/share/sbom/keyplane-agent.cdx.json'), 'utf8')) as object
      expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'keyplane-agent' } } })
      expect(JSON.stringify(sbom)).toContain('pkg:npm/pino@')
      await runInRoot(runtime)
    },
  )
})

/** Starts the image's program in its folder, and asks its own check. */
const runInRoot = async (runtime: ReturnType<typeof stages>[number]): Promise<void> => {
  const root = folder.at('root')
  const { stdout: libraries } = await run('ldd', [join(root, 'usr/local/bin/keyplane-agent')])
  for (const [path] of libraries.matchAll(/\/\S+\.so\.\d+/g)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    copyFileSync(path, join(root, path))
  }
  const port = await freePort()
  const config = join(root, 'etc/keyplane-agent/agent.toml')
  writeFileSync(config, `http_port = ${port}\n${readFileSync(config, 'utf8')}[keyplane]\nsource = "env"\n`)
  for (const name of ['proc', 'dev', 'run/keyplane', 'var/empty']) mkdirSync(join(root, name), { recursive: true })
  writeFileSync(join(root, 'run/keyplane/token'), 'a token')
  chmodSync(join(root, 'run/keyplane/token'), 0o444)
  chmodSync(folder.path, 0o755)
  const [user = ''] = said(runtime, 'USER')
  const [cwd = ''] = said(runtime, 'WORKDIR')
  const words = (text = ''): string[] => JSON.parse(text) as string[]
  const command = [...words(said(runtime, 'ENTRYPOINT')[0]), ...words(said(runtime, 'CMD')[0])]
  const check = words(said(runtime, 'HEALTHCHECK')[0]?.replace(/^.* CMD /, ''))
  const inside = (more: readonly string[]): string[] => {
    const script = `mount --bind ${root} ${root}; mount --bind /dev ${root}/dev; mount -t proc proc ${root}/proc
mount -o remount,bind,ro ${root}; [ -d ${root}${cwd} ] && exec chroot --userspec=${user} ${root} "$@"`
    return ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...more]
  }
  const [variable = ''] = said(runtime, 'ENV')
  const [name = '', value = ''] = variable.split('=')
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', [name]: value, DEMO: 'shown' }
  const agent = new RunningProcess(requiredTool('unshare'), inside(command), { cwd: '/', env })
  try {
    expect(await agent.firstLine()).toBe(`Keyplane Agent/0.1.0 listening on http://127.0.0.1:${port}`)
    const url = `http://127.0.0.1:${port}/secretsmanager/get?secretId=DEMO`
    const answer = await fetch(url, { headers: { 'X-Vault-Token': 'a token' } })
    expect(await answer.json()).toMatchObject({ SecretString: 'shown' })
    const asked = () => runProgram(requiredTool('unshare'), inside(check), { cwd: '/', env })
    expect(await asked()).toMatchObject({ code: 0, stdout: 'ready\n' })
    expect(await agent.stop()).toMatchObject({ code: 0, stderr: '' })
    expect((await asked()).code).toBe(1)
  } finally {
    agent.child.kill('SIGKILL')
  }
}

interface ComposeService {
  readonly command?: readonly string[]
  readonly user?: string
  readonly network_mode?: string
  readonly volumes?: readonly string[]
  readonly group_add?: readonly string[]
}

describe('Compose', () => {
  it('has a program that reads the token by its group, from memory, beside an agent on one loopback', async () => {
    const { value, problems } = await manifest('compose', 'docker/docker-compose.yml')
    expect(problems).toEqual([])
    const { services, volumes } = value as {
      services: Readonly<Record<'token' | 'agent' | 'app', ComposeService>>
      volumes: object
    }
    expect(volumes).toMatchObject({
      token: { driver_opts: { type: 'tmpfs', o: expect.stringContaining('gid=65532') } },
    })
    expect(services.app).toMatchObject({ group_add: ['65532'] })
    // Whoever starts anew takes the network away from those that joined it: its owner does nothing that could end.
    expect(services.token.command?.at(-1)).toMatch(/\nexec sleep \d+\n$/)
    expect([services.token.network_mode, services.agent.network_mode, services.app.network_mode]).toEqual([
      undefined,
      'service:token',
      'service:token',
    ])
    for (const { volumes: mounted } of [services.agent, services.app])
      expect(mounted).toEqual(['token:/run/keyplane:ro'])
    await expectTokens(services.token.command?.at(-1) ?? '')
  })
})

interface EcsContainer {
  readonly name: string
  readonly command?: readonly string[]
  readonly user: string
}

describe('ECS', () => {
  it.each(['ec2', 'fargate'])(
    'takes the task definition, whose program reads the token by its group: %s',
    async (kind) => {
      const { value, problems } = await manifest('task-definition', `ecs/task-definition.${kind}.json`)
      expect(problems).toEqual([])
      const { containerDefinitions: containers } = value as { containerDefinitions: readonly EcsContainer[] }
      const byName = new Map(containers.map((container) => [container.name, container]))
      expect(byName.get('app')).toMatchObject({ user: '10001:65532' })
      expect(byName.get('agent')).toMatchObject({ user: '65532:65532', readonlyRootFilesystem: true })
      // Whose the file is only root can say: without it that step is left out.
      const script = byName.get('token')?.command?.at(-1) ?? ''
      await expectTokens(mayMount ? script : script.replace(/chown [^;]*;/, ''))
    },
  )
})

interface Pod {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly securityContext: object
        readonly volumes: readonly object[]
        readonly initContainers: readonly { readonly name: string; readonly command?: readonly string[] }[]
      }
    }
  }
}

describe('EKS', () => {
  it('takes the pod, whose program reads the token by its group, from memory', async () => {
    const { value, problems } = await manifest('kubernetes', 'eks/sidecar.yaml')
    expect(problems).toEqual([])
    const { spec } = ((value as readonly object[]).at(-1) as Pod).spec.template
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, fsGroup: 65_532 })
    expect(spec.volumes).toContainEqual({ name: 'token', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } })
    expect(spec.initContainers.map(({ name }) => name)).toEqual(['token', 'agent'])
    await expectTokens(spec.initContainers[0]?.command?.at(-1) ?? '')
  })

  it('has the configuration that the image has', () => {
    const text = readFileSync(deployFile('eks/sidecar.yaml'), 'utf8')
    const own = readFileSync(deployFile('docker/agent.toml'), 'utf8').replace(/^#.*\n/gm, '')
    expect(text).toContain(own.trim())
  })
})

import { chmodSync, readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { keyplane } from '../../../packages/cli/test/keyplane-process.ts'
import { requiredTool } from '../required-tool.ts'
import { InstallFolder } from './install-folder.ts'
import { deployFile, unitSettings } from './unit-file.ts'

const path = deployFile('service/keyplane-service.service')
const text = readFileSync(path, 'utf8')
const unit = unitSettings(text)
const [program = '', ...args] = unit.get('ExecStart')?.[0]?.split(' ') ?? []

let folder: InstallFolder
beforeEach(() => {
  folder = new InstallFolder()
  return () => folder.remove()
})

describe('the unit of the service', () => {
  it('is understood by systemd, where the command is installed', async () => {
    const installed = folder.put('etc/systemd/system/keyplane-service.service', text)
    chmodSync(folder.put(program.slice(1), '#!/bin/sh\n'), 0o755)
    const verify = ['verify', '--man=no', '--recursive-errors=no', `--root=${folder.path}`, installed]
    expect(await folder.run(requiredTool('systemd-analyze'), verify)).toMatchObject({ code: 0, stderr: '' })
  })

  it('gives away little, as systemd counts it', async () => {
    const security = ['security', '--offline=yes', '--threshold=25', '--no-pager', path]
    expect(await folder.run(requiredTool('systemd-analyze'), security)).toMatchObject({ code: 0 })
  })

  it('starts a service that answers, and that ends as systemd ends it', async () => {
    folder.put('keyplane-service.yaml', 'listen: { port: 0 }\nenvironments: { ci: { source: env } }\ntools: {}\n')
    const own = args.map((arg) => (arg === '/var/lib/keyplane-service' ? folder.at('state') : arg))
    const service = keyplane(own, { cwd: folder.path })
    const { serviceUrl } = JSON.parse(await service.firstLine()) as { readonly serviceUrl: string }
    expect((await fetch(`${serviceUrl}/readyz`)).status).toBe(200)
    expect(await service.stop('SIGTERM')).toMatchObject({ code: 0 })
  })

  it('is not started again where its configuration is wrong', async () => {
    folder.put('keyplane-service.yaml', 'environments: {}\ntools: {}\n')
    const { code } = await keyplane(args, { cwd: folder.path }).finished
    expect(unit.get('RestartPreventExitStatus')).toEqual([String(code)])
  })
})

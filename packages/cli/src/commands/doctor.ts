import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { SecretsError } from '@keyplane/core'
import type { Command, Context } from '../context.ts'
import { isOpenToOthers } from '../data-folder/private-file.ts'
import { findRunning } from '../data-folder/running-plane.ts'
import { type Finding, tellFindings } from '../findings.ts'
import { planeStore } from '../secret-source.ts'

/** Looks at everything that a plane on this machine needs, and says how to mend what is wrong. */
export const doctor: Command = async (context) => {
  const { terminal } = context
  const findings = [nodeVersion(), ...dataFolder(context), ...(await parts(context)), ...git(context), awsCli()]
  return tellFindings(terminal, findings)
}

const nodeVersion = (): Finding => ({ what: `Node.js ${process.versions.node}`, state: 'ok' })

const dataFolder = ({ folder }: Context): Finding[] => {
  if (!folder.exists)
    return [{ what: `No data folder at ${folder.path}`, state: 'note', mend: 'keyplane dev makes one.' }]
  const secret = [
    folder.path,
    folder.rootKey,
    folder.iam,
    folder.agentToken,
    folder.agentHeader,
    folder.serviceHeader,
    folder.serviceState,
    folder.awsEnv,
    folder.database,
  ]
  const open = secret.filter((path) => isOpenToOthers(path))
  const missing = existsSync(folder.database) && !existsSync(folder.rootKey)
  return [
    open.length === 0
      ? { what: `Data in ${folder.path}, readable by you alone`, state: 'ok' }
      : {
          what: `Others can read ${open.join(', ')}`,
          state: 'problem',
          mend: `chmod -R go-rwx ${folder.path}`,
        },
    ...(missing
      ? [
          {
            what: `The store's root key ${folder.rootKey} is not there`,
            state: 'problem' as const,
            mend: 'Put it back from your backup: without it no secret can be read.',
          },
        ]
      : []),
  ]
}

const parts = async (context: Context): Promise<Finding[]> => {
  const running = context.folder.exists ? findRunning(context.folder) : undefined
  if (!running) return [{ what: 'No plane runs on this folder', state: 'note', mend: 'Start one: keyplane dev' }]
  const agent = running.agentUrl ? [await answers('The agent', `${running.agentUrl}/ping`)] : []
  const store = running.storeUrl
    ? [await answers('The store', `${running.storeUrl}/readyz`), await keysFit(context)]
    : []
  const service = running.serviceUrl ? [await answers('The service', `${running.serviceUrl}/readyz`)] : []
  return [...agent, ...store, ...service]
}

const answers = async (part: string, url: string): Promise<Finding> => {
  const origin = new URL(url).origin
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
  return answer?.ok
    ? { what: `${part} answers at ${origin}`, state: 'ok' }
    : { what: `${part} does not answer at ${origin}`, state: 'problem', mend: 'Stop the plane and start it again.' }
}

const keysFit = async ({ folder, env }: Context): Promise<Finding> => {
  const store = planeStore(folder, env)
  try {
    for await (const _secret of store.list?.list({}) ?? []) break
    return { what: 'The store takes your keys', state: 'ok' }
  } catch (error) {
    const message = error instanceof SecretsError ? error.message : 'it failed unexpectedly'
    return { what: `The store does not take your keys: ${message}`, state: 'problem', mend: `See ${folder.iam}.` }
  } finally {
    await store.close?.()
  }
}

/** Files with secrets that git would publish. */
const git = ({ folder }: Context): Finding[] => {
  if (!runs('git', ['rev-parse', '--is-inside-work-tree'])) return []
  const tracked = ['.env', relative(process.cwd(), folder.path) || '.keyplane'].filter((path) =>
    runs('git', ['ls-files', '--error-unmatch', path]),
  )
  if (tracked.length > 0)
    return [
      {
        what: `git tracks ${tracked.join(' and ')}`,
        state: 'problem',
        mend: `git rm -r --cached ${tracked.join(' ')}; add it to .gitignore; change the secrets it held.`,
      },
    ]
  const ignored = !folder.exists || runs('git', ['check-ignore', '-q', folder.path])
  return [
    ignored
      ? { what: 'git tracks no .env and ignores the data folder', state: 'ok' }
      : { what: 'git does not ignore the data folder', state: 'problem', mend: 'echo .keyplane/ >> .gitignore' },
  ]
}

const awsCli = (): Finding =>
  runs('aws', ['--version'])
    ? { what: 'The AWS CLI is here', state: 'ok' }
    : { what: 'No AWS CLI here', state: 'note', mend: 'Only needed for its own commands: pip install awscli' }

const runs = (command: string, args: readonly string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 10_000 })
    return true
  } catch {
    return false
  }
}

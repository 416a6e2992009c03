import { type Command as Parser, Option } from 'commander'
import type { Command } from './context.ts'
import { UsageError } from './usage-error.ts'

/** Makes what loads a command the action of a parser. */
export type Run = (load: () => Promise<Command<never>>) => (this: Parser) => Promise<void>

/** An address holds a password, and so it is not an argument itself. */
export const databaseUrlFile = (): Option =>
  new Option('--database-url-file <path>', 'a file with the URL of a PostgreSQL database, in place of the SQLite file')

/** Threads that answer calls. */
export const threadsOption = (): Option =>
  new Option('--threads <number>', 'threads that answer calls; default: one a processor, 4 at most').argParser(
    (text) => {
      if (/^[1-9]\d?$/.test(text) && Number(text) <= 64) return Number(text)
      throw new UsageError(`--threads is 1 to 64, not ${JSON.stringify(text)}.`)
    },
  )

/** Rotation functions that are run on this machine. */
export const functionsOption = (): Option =>
  new Option('--functions <file>', 'rotation functions to run here: a JSON file of names, handlers and folders')

/** Where the root key comes from; the key itself, and a passphrase, are no arguments. */
const rootKeyOptions = (): readonly Option[] => [
  new Option('--root-key <source>', 'file (in the data folder), environment, passphrase, aws-kms:ARN or openbao:KEY'),
  descriptorOption('--passphrase-fd <number>', 'the descriptor that the passphrase is read from'),
]

const descriptorOption = (flags: string, what: string): Option =>
  new Option(flags, what).argParser((text) => {
    if (/^\d{1,4}$/.test(text)) return Number(text)
    throw new UsageError(`${JSON.stringify(text)} is no descriptor.`)
  })

/** A command with the options of `rootKeyOptions`. */
export const withRootKey = (command: Parser): Parser => {
  for (const option of rootKeyOptions()) command.addOption(option)
  return command
}

/** What is done with a store beside running it. Each but `restore` works while it runs. */
export const addStoreCommands = (store: Parser, run: Run): void => {
  const command = (spelling: string, summary: string, examples: string, load: () => Promise<Command<never>>): Parser =>
    store
      .command(spelling)
      .summary(summary)
      .description(summary)
      .addOption(databaseUrlFile())
      .addHelpText('after', `\nExamples:\n${examples.replace(/^/gm, '  ')}`)
      .action(run(load))

  withRootKey(
    command(
      'backup <file>',
      'Write all of the store to a file, for either engine; the root key is not in it',
      'keyplane store backup keyplane.backup\nkeyplane store backup keyplane.backup --force\nkeyplane store backup pg.backup --database-url-file url',
      async () => (await import('./commands/store-backup.ts')).storeBackup,
    ),
  ).option('--force', 'replace a backup that is there')
  withRootKey(
    command(
      'restore <file>',
      'Make a store of a backup, where there is none yet; it needs the root key of the store that was backed up',
      'keyplane --data restored store restore keyplane.backup\nkeyplane store restore keyplane.backup --database-url-file url',
      async () => (await import('./commands/store-restore.ts')).storeRestore,
    ),
  )
  withRootKey(
    command(
      'verify',
      'Whether the store is whole: its file, every value, its audit log',
      'keyplane store verify\nkeyplane store verify --json',
      async () => (await import('./commands/store-verify.ts')).storeVerify,
    ),
  )
  withRootKey(
    command(
      'rekey',
      'Put the KMS keys under a new root key, or the values’ keys under new KMS keys; no value is touched',
      'keyplane store rekey\nkeyplane store rekey --to aws-kms:arn:aws:kms:eu-west-1:111122223333:key/…\nkeyplane store rekey --kms-key',
      async () => (await import('./commands/store-rekey.ts')).storeRekey,
    ),
  )
    .option('--to <source>', 'where the new root key comes from, as --root-key names it (default: file)')
    .addOption(descriptorOption('--to-passphrase-fd <number>', 'the descriptor that a new passphrase is read from'))
    .option('--kms-key', 'new materials for the KMS keys, in place of a new root key')
  withRootKey(
    command(
      'unseal',
      'Give a sealed store its passphrase, from the keyboard or stdin',
      'keyplane store unseal\nkeyplane store unseal < passphrase\nkeyplane store --root-key passphrase    # a store that starts sealed',
      async () => (await import('./commands/store-unseal.ts')).storeUnseal,
    ),
  )
}

import { Option, Command as Parser } from 'commander'
import type { Command, Context, GlobalFlags } from './context.ts'
import { addAuditCommands } from './program-audit.ts'
import { addRotationCommands } from './program-rotation.ts'
import { addServiceCommands } from './program-service.ts'
import { addStoreCommands, databaseUrlFile, functionsOption, threadsOption, withRootKey } from './program-store.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

export interface ProgramParts {
  readonly open: (flags: GlobalFlags) => Context
  /** What stood after `--`. */
  readonly childCommand: readonly string[] | undefined
  readonly exit: (code: number) => void
  /** Where the help goes that is shown in place of a command that was not given. */
  readonly helpUnasked: (text: string) => void
}

const overview = `Keyplane gives every program its secrets, in every environment.

Usage: keyplane COMMAND [options]          keyplane help COMMAND shows examples

  dev                  the whole plane on this machine: agent, store, example secrets
  agent                the localhost agent (drop-in for the AWS Secrets Manager Agent)
  store                the store (speaks the AWS Secrets Manager API)
  service              the configuration service: settings and secrets of tools

  get NAME[#FIELD]     show a secret; its value only with --reveal
  set NAME -           write a secret, its value from stdin
  list [PREFIX]        the names of secrets
  run KEY=NAME -- CMD  run a program with secrets in its environment

  rotate NAME          change a credential at its target and in the store
  rotation status      what is rotated, by what, when; also next, pause, resume, rollback

  login                log in at a service; also logout, whoami
  tool get ENV/TOOL    what a tool needs there; also tool list, service user

  store backup FILE    all of a store in a file; also restore, verify, rekey
  store unseal         give a sealed store its passphrase
  audit tail           who read what
  policy explain       who may do what, and why
  settings show        every setting, and where it comes from
  doctor               what is wrong here, and how to mend it

Everywhere: --json  -q, --quiet  --no-color  --data DIR (default: .keyplane)  --version
Exit codes: 0 ok · 1 error · 3 refused · 4 absent · 5 unreachable · 6 broken · 64 usage · 78 configuration
`

/** The command line's shape. Each command's code is loaded when it is the one that runs. */
export const buildProgram = ({ open, childCommand, exit, helpUnasked }: ProgramParts): Parser => {
  const program = new Parser('keyplane')
  program
    .version(`keyplane ${version}`, '--version')
    .option('--json', 'data as JSON on stdout, all else as JSON lines on stderr')
    .option('-q, --quiet', 'no words besides')
    .option('--no-color', 'no colours (NO_COLOR too)')
    .option('--data <dir>', 'the data folder of the embedded plane')
    .helpOption('-h, --help')
    .helpCommand(false)
    .exitOverride()
    .showSuggestionAfterError()
    // What is wrong is told once, by who catches it.
    .configureOutput({ writeErr: helpUnasked, outputError: () => undefined })
  program.helpInformation = () => overview

  const run = (load: () => Promise<Command<never>>) =>
    async function (this: Parser): Promise<void> {
      if (childCommand && this.name() !== 'run') throw new UsageError(`${this.name()} takes nothing after --.`)
      const action = await load()
      // With those of the commands above: an option that both have is read there.
      const options = this.optsWithGlobals<GlobalFlags>()
      exit(await action(open(options), this.args, options as never))
    }

  const command = (spelling: string, summary: string, examples: string, load: () => Promise<Command<never>>): Parser =>
    program
      .command(spelling)
      .summary(summary)
      .description(summary)
      .addHelpText('after', `\nExamples:\n${examples.replace(/^/gm, '  ')}`)
      .action(run(load))

  const port = (name: string, fallback: number, what: string): Option =>
    new Option(`--${name} <port>`, what).default(fallback).argParser(parsePort)

  command(
    'dev',
    'The whole plane on this machine, with example secrets and its data kept in .keyplane/',
    'keyplane dev\nkeyplane dev --agent-port 3773 --store-port 3774\nkeyplane dev --data /tmp/plane',
    async () => (await import('./commands/dev.ts')).dev,
  )
    .addOption(port('agent-port', 2773, 'where the agent listens'))
    .addOption(port('store-port', 2774, 'where the store listens'))
    .addOption(port('service-port', 7780, 'where the configuration service listens'))
    .addOption(functionsOption())

  command(
    'agent [arguments...]',
    'The localhost agent; it takes the AWS agent’s own arguments and configuration file',
    'AWS_TOKEN=file:///var/run/awssmatoken keyplane agent --config agent.toml\nkeyplane agent sm start -c agent.toml\nkeyplane agent --help    (all its arguments, and where the token comes from)',
    async () => (await import('./commands/agent.ts')).agent,
  )
    .allowUnknownOption()
    // The agent tells its own arguments, which are more.
    .helpOption(false)
    .option('-c, --config <file>', 'TOML, as for the AWS agent')

  const store = command(
    'store',
    'The store alone: the AWS Secrets Manager API on loopback, its data kept in .keyplane/',
    'keyplane store\nkeyplane store --port 3774 --data /var/lib/keyplane',
    async () => (await import('./commands/store.ts')).store,
  )
    .addOption(port('port', 2774, 'where it listens'))
    .addOption(functionsOption())
    .addOption(databaseUrlFile())
    .addOption(threadsOption())
    .option('--insecure-no-auth', 'take every call for the root user’s, signed or not: for tests on your own machine')
  withRootKey(store)
  addStoreCommands(store, run)

  const service = command(
    'service',
    'The configuration service: what a tool needs in an environment, settings and secrets, for those who may have it',
    'keyplane service --config keyplane-service.yaml\nkeyplane service key        # a key for a client, and its hash for the file',
    async () => (await import('./commands/service.ts')).service,
  ).option('-c, --config <file>', 'YAML; NAME.ENVIRONMENT.yaml beside it is laid over', 'keyplane-service.yaml')
  service
    .command('key')
    .summary('A new key for a client, and its hash for the configuration')
    .description('A new key for a client, and its hash for the configuration')
    .addHelpText('after', '\nExamples:\n  keyplane service key\n  keyplane service key --json')
    .action(run(async () => (await import('./commands/service-key.ts')).serviceKey))

  addServiceCommands(program, service, run)

  command(
    'get <name>',
    'Show a secret; its value only when asked',
    'keyplane get demo/dev/api-key\nkeyplane get demo/dev/api-key --reveal\nkeyplane get demo/dev/database#password --reveal\nkeyplane get demo/dev/api-key --stage previous --json',
    async () => (await import('./commands/get.ts')).get,
  )
    .option('--reveal', 'print the value itself, and nothing else, on stdout')
    .option('--field <key>', 'one field of a JSON document')
    .option('--version-id <id>', 'this version')
    .option('--stage <label>', 'current, previous, pending or a label of your own')

  command(
    'set <name> [source]',
    'Write a secret. Its value comes from stdin (-), a file or a prompt, never from the command line',
    'openssl rand -hex 16 | keyplane set demo/dev/api-key -\nkeyplane set demo/dev/tls-key --file key.pem\nkeyplane set demo/dev/api-key        # asks, and shows nothing',
    async () => (await import('./commands/set.ts')).set,
  )
    .option('--file <path>', 'the value is what this file holds')
    .option('--keep-newline', 'keep the newline that ends the input')

  command(
    'list [prefix]',
    'The names of secrets, one a line',
    'keyplane list\nkeyplane list demo/dev/\nkeyplane list --json',
    async () => (await import('./commands/list.ts')).list,
  )

  command(
    'explain <name>',
    'Where a secret comes from, and why not from the sources before; never its value',
    'keyplane explain demo/dev/api-key\nSECRETS_PROVIDER=aws keyplane explain API_KEY --json',
    async () => (await import('./commands/explain.ts')).explain,
  )

  const runParser = command(
    'run <mapping...>',
    'Run a program with secrets in its environment; its exit code and signals pass through',
    'keyplane run API_KEY=demo/dev/api-key -- node server.js\nkeyplane run DB_PASSWORD=demo/dev/database#password -- sh -c \'test -n "$DB_PASSWORD" && echo set\'',
    async () => {
      const { runProgram } = await import('./commands/run.ts')
      return (context: Context, mappings: readonly string[]) => runProgram(context, mappings, childCommand)
    },
  ).usage('KEY=NAME[#FIELD]... -- COMMAND [ARGUMENT...]')
  // Without `--` the command's own options stand among ours: what is wrong then is the missing `--`, not an option.
  if (!childCommand) runParser.allowUnknownOption()

  addRotationCommands(program, run)

  addAuditCommands(program, run)

  program
    .command('settings')
    .summary('Settings')
    .command('show')
    .description('Every setting with its value and where it comes from; secrets masked')
    .addHelpText('after', '\nExamples:\n  keyplane settings show\n  keyplane settings show --config agent.toml --json')
    .option('-c, --config <file>', 'an agent’s file: its values in place of the defaults')
    .action(run(async () => (await import('./commands/settings-show.ts')).settingsShow))

  command(
    'doctor',
    'What is wrong here, and how to mend it',
    'keyplane doctor\nkeyplane doctor --json',
    async () => (await import('./commands/doctor.ts')).doctor,
  )

  program
    .command('help [command...]')
    .summary('What a command does, with examples')
    .action((names: string[]) => {
      if (childCommand) throw new UsageError('help takes nothing after --.')
      commandNamed(program, names).outputHelp()
    })
  return program
}

/** @throws UsageError where there is no such command. */
const commandNamed = (program: Parser, names: readonly string[]): Parser =>
  names.reduce((at, name) => {
    const found = at.commands.find((command) => command.name() === name)
    if (!found) throw new UsageError(`There is no command ${JSON.stringify(names.join(' '))}; see: keyplane help`)
    return found
  }, program)

const parsePort = (text: string): number => {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new UsageError(`${JSON.stringify(text)} is no port; give 0 (any free one) to 65535.`)
  return port
}

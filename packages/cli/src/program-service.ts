import type { Command as Parser } from 'commander'
import type { Command } from './context.ts'

type Run = (load: () => Promise<Command<never>>) => (this: Parser) => Promise<void>
type Load = () => Promise<Command<never>>
type Add = (under: Parser, spelling: string, summary: string, examples: string, load: Load) => Parser

const loadUsers = () => import('./commands/service-user.ts')

/** What is done with a service beside running it: logins, its tools, its users, its audit log. */
export const addServiceCommands = (program: Parser, service: Parser, run: Run): void => {
  const command: Add = (under, spelling, summary, examples, load) =>
    under
      .command(spelling)
      .summary(summary)
      .description(summary)
      .addHelpText('after', `\nExamples:\n${examples.replace(/^/gm, '  ')}`)
      .action(run(load))
  const asking: Add = (under, spelling, summary, examples, load) =>
    command(under, spelling, summary, examples, load).option(
      '--service <url>',
      'default: KEYPLANE_SERVICE_URL, else that of the latest login',
    )

  addLoginCommands(program, asking)
  addToolCommands(program, asking)
  addUserCommands(service, asking)
  command(
    service,
    'doctor',
    'What is wrong with a service’s configuration, sources and files, and how to mend it',
    'keyplane service doctor\nkeyplane service doctor --config service.yaml --json',
    async () => (await import('./commands/service-doctor.ts')).serviceDoctor,
  )
  const audit = service.command('audit').summary('The audit log of a service').exitOverride()
  command(
    audit,
    'verify',
    'Whether the audit log is whole: nothing edited, removed or reordered',
    'keyplane service audit verify\nkeyplane service audit verify --config keyplane-service.yaml --json',
    async () => (await import('./commands/service-audit-verify.ts')).serviceAuditVerify,
  )
}

const addLoginCommands = (program: Parser, asking: Add): void => {
  asking(
    program,
    'login',
    'Log in at a configuration service; its token is kept in your own folder',
    'keyplane login --service https://keyplane.example.com --user alice\npass keyplane | keyplane login --password-stdin\nkeyplane login --environment staging    # what commands then mean where none is named',
    async () => (await import('./commands/login.ts')).login,
  )
    .option('--user <name>', 'default: who was logged in there last')
    .option('--environment <name>', 'what commands mean where no environment is named')
    .option('--password-stdin', 'the password is what stdin holds')
  asking(
    program,
    'logout',
    'End the session at a service',
    'keyplane logout',
    async () => (await import('./commands/logout.ts')).logout,
  )
  asking(
    program,
    'whoami',
    'Who a service takes you for, and what you may do there',
    'keyplane whoami --json',
    async () => (await import('./commands/whoami.ts')).whoami,
  )
}

const addToolCommands = (program: Parser, asking: Add): void => {
  const tool = program.command('tool').summary('Tools of a configuration service').exitOverride()
  asking(
    tool,
    'list [environment]',
    'The tools whose configuration you may read',
    'keyplane tool list\nkeyplane tool list staging --json',
    async () => (await import('./commands/tool-list.ts')).toolList,
  )
  asking(
    tool,
    'get <name>',
    'What a tool needs in an environment; values only when asked',
    'keyplane tool get staging/payments\nkeyplane tool get payments    # in the environment of the login\nkeyplane tool get staging/payments --show --json',
    async () => (await import('./commands/tool-get.ts')).toolGet,
  ).option('--show', 'with the values')
}

const addUserCommands = (service: Parser, asking: Add): void => {
  const user = service.command('user').summary('Who may log in at a service').exitOverride()
  const role = ['--role <role...>', 'roles of the configuration'] as const
  const passwordStdin = ['--password-stdin', 'the password is what stdin holds'] as const
  asking(
    user,
    'list',
    'All users, with their roles',
    'keyplane service user list --json',
    async () => (await loadUsers()).userList,
  )
  asking(
    user,
    'add <name>',
    'A new user, with a password and roles',
    'keyplane service user add alice --role payments staging\npwgen -s 24 1 | keyplane service user add alice --role staging --password-stdin',
    async () => (await loadUsers()).userAdd,
  )
    .option(...role)
    .option(...passwordStdin)
  asking(
    user,
    'set <name>',
    'Other roles for a user, or whether he may log in; it holds at once',
    'keyplane service user set alice --role staging\nkeyplane service user set alice --off',
    async () => (await loadUsers()).userSet,
  )
    .option(...role)
    .option('--on', 'he may log in')
    .option('--off', 'he may not, and is logged out')
  asking(
    user,
    'password [name]',
    'A new password for a user, or for oneself; it ends his sessions',
    'keyplane service user password alice\nkeyplane service user password        # your own',
    async () => (await loadUsers()).userPassword,
  ).option(...passwordStdin)
  asking(
    user,
    'remove <name>',
    'Remove a user',
    'keyplane service user remove alice',
    async () => (await loadUsers()).userRemove,
  )
}

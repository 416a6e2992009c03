import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKeyRules, isSecret } from './key-rules.ts'
import { describingWords, secretStems } from './key-words.ts'

const rules = createKeyRules()
const masks = (key: string, value: unknown = 'x') => isSecret(rules(key), value)

const secretKeys =
  `password,Password,PASSWORD,pass_word,passWord,pass.word,user-password,dbPassword,password2,passwd,pwd,
passphrase,passcode,passwordHash,newPassword,password_confirmation,DB_PASS,pass,secret,client_secret,clientSecret,
SecretString,SecretBinary,secrets,AWS_SECRET_ACCESS_KEY,token,accessToken,refresh_token,x-amz-security-token,X-Vault-Token,
csrfToken,tokenValue,jwt,api key,apiKey,API_KEY,x-api-key,APIKey,apikey,accessKey,secret_key,signingKey,sshKey,
authorization,Authorization,proxy-authorization,cookie,Set-Cookie,cookies,rawHeaders,auth,privateKey,private_key,
connectionString,ConnectionStrings.Main,credential,credentials,sessionId,session_id,JSESSIONID,PHPSESSID,unsealKeys,
mnemonic,X-Amz-Signature,otp,dsn,authorizationCode,creds,userpass,authHeader,bearer,csrf,
XSRF,encKey,aes_key,pem,passw,dbCreds,cvv`.split(/,\n?/)

const openKeys =
  `tokenCount,token_count,max_tokens,token_type,tokenExpiresAt,token_expires_in,tokenUrl,tokenizer,secretName,
secretId,SecretArn,secretVersionId,secretsManager,SECRETS_CACHE_TTL,SECRETS_AWS_REGION,passwordChangedAt,passwordPolicy,
passwordLength,passwordless,password_file,secretary,apiKeyId,accessKeyId,private_key_id,privateKeyPath,cookieConsent,
cookieMaxAge,authorizationUrl,nextToken,NextToken,next_page_token,ClientRequestToken,idempotencyToken,
connectionStringName,compass,bypass,author,authority,authenticated,publicKey,key,keyboard,monkey,user,id,className,
url,csrfEnabled,bearerFormat,bypassWarning,pemFile,items`.split(/,\n?/)

describe('the names of secret fields', () => {
  it.each(secretKeys)('%s is one', (key) => {
    expect(masks(key)).toBe(true)
  })

  it.each(openKeys)('%s is none', (key) => {
    expect(masks(key, key === 'max_tokens' ? 4096 : 'x')).toBe(false)
  })

  it('sees counts of tokens apart from tokens', () => {
    expect(masks('completion_tokens', 17)).toBe(false)
    expect(masks('tokens', '4096')).toBe(false)
    expect(masks('tokens', ['abc'])).toBe(true)
    expect(masks('token', 17)).toBe(true)
  })

  it('keeps a yes or no about a secret, and nothing else under such a key', () => {
    expect(masks('hasPassword', true)).toBe(false)
    expect(masks('isSecret', false)).toBe(false)
    expect(masks('hasPassword', 'hunter2')).toBe(true)
    expect(masks('password', true)).toBe(true)
  })

  it('keeps the numbers of keys and sessions', () => {
    expect(masks('apikeys', 3)).toBe(false)
    expect(masks('sessionId', 42)).toBe(false)
    expect(masks('sessionId', 'f3a')).toBe(true)
    expect(masks('apiKey', 3)).toBe(true)
    expect(masks('cvv', 123)).toBe(true)
    expect(masks('csrf', true)).toBe(false)
  })

  it("masks an AppRole's secret id, which is a UUID, and keeps a secret's name", () => {
    expect(masks('secret_id', '6a174c20-f6de-a53c-74d2-6018fcceff64')).toBe(true)
    expect(masks('SecretId', 'prod/db')).toBe(false)
  })

  it('masks short names only where they hold a text', () => {
    expect(masks('pass', 12)).toBe(false)
    expect(masks('auth', { method: 'oidc' })).toBe(false)
    expect(masks('auth', 'user:pw')).toBe(true)
  })

  it('hides nothing where there is nothing', () => {
    expect(masks('password', null)).toBe(false)
    expect(isSecret(rules('password'), undefined)).toBe(false)
  })

  it('knows every secret name in any case and with any separators between its letters', () => {
    const spelled = fc.constantFrom(...secretStems).chain((stem) =>
      fc
        .array(fc.tuple(fc.boolean(), fc.constantFrom('', '', '', '_', '-', '.', ' ')), {
          minLength: stem.length,
          maxLength: stem.length,
        })
        .map((choices) =>
          choices
            .map(([upper, separator], index) => (upper ? stem[index]?.toUpperCase() : stem[index]) + separator)
            .join(''),
        ),
    )
    fc.assert(fc.property(spelled, (key) => masks(key)))
  })

  it('keeps every fact about a secret', () => {
    const fact = fc.tuple(
      fc.constantFrom('token', 'password', 'apiKey'),
      fc.constantFrom(...describingWords),
      fc.constantFrom('', '_', '-'),
    )
    fc.assert(fc.property(fact, ([name, word, separator]) => !masks(name + separator + word)))
  })
})

describe("the caller's own keys", () => {
  const own = createKeyRules(['ssn', 'Account Number', 'tokenCount'])

  it('add to the built-in names', () => {
    expect(own('ssn')).toBe('mask')
    expect(own('user_ssn')).toBe('mask')
    expect(own('account-number')).toBe('mask')
    expect(own('bankAccountNumberOld')).toBe('mask')
    expect(own('password')).toBe('mask')
  })

  it('win over what is kept otherwise', () => {
    expect(own('token_count')).toBe('mask')
  })

  it('match whole words only', () => {
    expect(own('className')).toBe('keep')
  })

  it('are ignored where they are empty', () => {
    expect(createKeyRules(['', '--'])('user')).toBe('keep')
  })
})

it('judges a very long key in good time', () => {
  const started = performance.now()
  expect(rules(`${'set'.repeat(100_000)}password`)).toBe('mask')
  expect(rules(`token${'time'.repeat(40)}x`)).toBe('mask')
  expect(performance.now() - started).toBeLessThan(500)
})

/** CommonJS: `require` gives the same library, on Node.js 20.19, 22.12 and newer. */
const { maskSecret, openSecrets } = require('@keyplane/secrets')
const { memoryProvider } = require('@keyplane/secrets/providers')

const main = async () => {
  const source = memoryProvider({ secrets: { API_KEY: 'cobalt-heron-7781' } })
  const secrets = openSecrets({ providers: [source], environment: false })
  console.log(maskSecret((await secrets.getSecret('API_KEY')) ?? 'none'))
  await secrets.close()
}

void main()

// prints:
// ****7781

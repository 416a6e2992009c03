import { openSecrets } from '@keyplane/secrets'
import { awsProvider } from '@keyplane/secrets/providers'
const env={AWS_REGION:'eu-central-1',AWS_ACCESS_KEY_ID:'a',AWS_SECRET_ACCESS_KEY:'b'}
const call = async (_o,{SecretId:Name})=>({ARN:`arn:aws:secretsmanager:eu-central-1:123456789012:secret:${Name}-AbCdEf`,Name,VersionId:'00000000-0000-4000-8000-000000000000',VersionStages:['AWSCURRENT'],SecretString:'x'.repeat(1000)})
const s=openSecrets({providers:[awsProvider({client:{call},env})],environment:false,env:{}})
await s.getSecret('a/b')
const m=new Map([['a/b',{v:'x'}],['c',{v:'y'}]])
const cases={sync:()=>s.getSecretSync('a/b'),nowait:()=>s.getSecret('a/b'),resolve:()=>Promise.resolve('x'),map:()=>m.get('a/b').v, peek:()=>s.peek({id:'a/b'})}
const best={}
for(let r=0;r<15;r++) for(const [k,f] of Object.entries(cases)){ const N=400000; const t=performance.now(); for(let i=0;i<N;i++) f(); const d=(performance.now()-t)/N*1e6; best[k]=Math.min(best[k]??1e9,d); await 0 }
for(let r=0;r<15;r++) for(const [k,f] of Object.entries({getSecret:cases.nowait,resolveAwait:cases.resolve})){ const N=400000; const t=performance.now(); for(let i=0;i<N;i++) await f(); const d=(performance.now()-t)/N*1e6; best[k+'+await']=Math.min(best[k+'+await']??1e9,d) }
for (const k in best) console.log(k.padEnd(20), best[k].toFixed(1),'ns')

// A function in a stack of the CDK's.

import { App, CfnOutput, DefaultStackSynthesizer, Stack } from 'aws-cdk-lib'
import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda'
import { Queue } from 'aws-cdk-lib/aws-sqs'

const app = new App()
const stack = new Stack(app, 'catalog-dev', {
  env: { account: '123456789012', region: 'us-east-1' },
  synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false })
})
const queue = new Queue(stack, 'Changes')
new Function(stack, 'Index', {
  runtime: Runtime.PYTHON_3_11,
  handler: 'index.main',
  code: Code.fromInline('def main(event, context): return "first"'),
  environment: { QUEUE: queue.queueUrl }
})
new CfnOutput(stack, 'QueueUrl', { value: queue.queueUrl })

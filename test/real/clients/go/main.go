// Calls the AWS SDK for Go: a call a line on stdin, its answer a line on stdout, as call-client.ts has it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

type call struct {
	Service, Operation, Region string
	Input                      json.RawMessage
	Keys                       struct{ AccessKeyId, SecretAccessKey, SessionToken string }
}

type refusal struct {
	Code    string `json:"code"`
	Type    string `json:"type"`
	Message string `json:"message"`
}

type answer struct {
	Output  any      `json:"output,omitempty"`
	Error   *refusal `json:"error,omitempty"`
	Unknown bool     `json:"unknown,omitempty"`
}

func clientOf(service string, settings aws.Config) any {
	switch service {
	case "secretsmanager":
		return secretsmanager.NewFromConfig(settings)
	case "sts":
		return sts.NewFromConfig(settings)
	case "kms":
		return kms.NewFromConfig(settings)
	default:
		return ssm.NewFromConfig(settings)
	}
}

// The innermost error that the SDK made for this refusal: `ResourceNotFoundException`, or one for any code.
func typeOf(err error) string {
	var refused smithy.APIError
	errors.As(err, &refused)
	return reflect.TypeOf(refused).Elem().Name()
}

func send(asked call) answer {
	ctx := context.Background()
	keys := credentials.NewStaticCredentialsProvider(asked.Keys.AccessKeyId, asked.Keys.SecretAccessKey, asked.Keys.SessionToken)
	settings, err := config.LoadDefaultConfig(ctx, config.WithRegion(asked.Region), config.WithCredentialsProvider(keys))
	if err != nil {
		panic(err)
	}
	method := reflect.ValueOf(clientOf(asked.Service, settings)).MethodByName(asked.Operation)
	if !method.IsValid() {
		return answer{Unknown: true}
	}
	input := reflect.New(method.Type().In(1).Elem())
	if err := json.Unmarshal(asked.Input, input.Interface()); err != nil {
		panic(err)
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), input})
	if failure, failed := results[1].Interface().(error); failed {
		var refused smithy.APIError
		if !errors.As(failure, &refused) {
			return answer{Error: &refusal{Code: "none", Type: "none", Message: failure.Error()}}
		}
		return answer{Error: &refusal{Code: refused.ErrorCode(), Type: typeOf(failure), Message: refused.ErrorMessage()}}
	}
	return answer{Output: results[0].Interface()}
}

func main() {
	if len(os.Args) > 1 {
		os.Stdout.WriteString(strings.TrimPrefix(aws.SDKVersion, "v"))
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var asked call
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		line, err := json.Marshal(send(asked))
		if err != nil {
			panic(err)
		}
		os.Stdout.Write(append(line, '\n'))
	}
}

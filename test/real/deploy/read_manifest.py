"""What a manifest says, as JSON, and what is wrong with it by its owner's own words: read_manifest.py KIND FILE."""

import json
import re
import sys

import yaml


def task_definition(text):
    """Against the model of AWS's own SDK: types, required members, bounds, and the words that are allowed."""
    from botocore.session import Session
    from botocore.validate import ParamValidator

    shape = Session().get_service_model('ecs').operation_model('RegisterTaskDefinition').input_shape
    value = json.loads(text)
    problems = [ParamValidator().validate(value, shape).generate_report()]

    def words(value, shape, path):
        if shape.type_name == 'structure':
            for name, member in shape.members.items():
                if name in value:
                    words(value[name], member, f'{path}.{name}')
        elif shape.type_name == 'list':
            for index, item in enumerate(value):
                words(item, shape.member, f'{path}[{index}]')
        elif shape.type_name == 'string' and getattr(shape, 'enum', None) and value not in shape.enum:
            problems.append(f'{path}: {value} is none of {shape.enum}')

    words(value, shape, '')
    return value, problems


def compose(text):
    """Against the Compose specification, with the defaults of its variables."""
    from compose_spec import PyCompose

    text = re.sub(r'\$\{\w+:-([^}]*)\}', r'\1', text)
    try:
        PyCompose.from_yaml(text)
        problems = []
    except Exception as error:
        problems = [str(error)]
    return yaml.safe_load(text), problems


def kubernetes(text):
    """Against the schemas of Kubernetes' own API, unknown members included."""
    import kubernetes_validate

    documents = list(yaml.safe_load_all(text))
    problems = []
    for document in documents:
        try:
            kubernetes_validate.validate(document, '1.29', strict=True)
        except kubernetes_validate.ValidationError as error:
            problems.append(f'{document["kind"]}: {error.message} at {list(error.path)}')
    return documents, problems


kind, path = sys.argv[1:]
with open(path) as file:
    value, problems = {'task-definition': task_definition, 'compose': compose, 'kubernetes': kubernetes}[kind](file.read())
print(json.dumps({'value': value, 'problems': [problem for problem in problems if problem]}))

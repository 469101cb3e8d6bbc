"""Runs one command of the AWS CLI for each line of standard input, a JSON list of its arguments,
in one process: starting the program takes half a second each time. Answers with a line each."""

import io
import json
import sys

from awscli.clidriver import create_clidriver


class Captured(io.TextIOWrapper):
    def __init__(self):
        super().__init__(io.BytesIO(), encoding='utf-8', write_through=True)

    def text(self):
        return self.buffer.getvalue().decode('utf-8', 'replace')


driver = create_clidriver()
answers = sys.stdout
for line in sys.stdin:
    sys.stdout, sys.stderr = Captured(), Captured()
    try:
        code = driver.main(json.loads(line))
    except SystemExit as end:
        code = end.code
    answer = {'code': code or 0, 'stdout': sys.stdout.text(), 'stderr': sys.stderr.text()}
    answers.write(json.dumps(answer) + '\n')
    answers.flush()

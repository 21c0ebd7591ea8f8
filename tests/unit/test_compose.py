"""docker-compose.yaml, Dockerfile, .env.example and requirements.txt, read and not run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

# isort: split
from connect_campaigns.core.settings import Settings
from demo import environment

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?P<rest>[^}]*)\}")
SECRET = re.compile(r"PASSWORD|SECRET|FERNET|TOKEN|ACCESS_KEY|AUTH$")
ONE_OFFS = {name for name, service in SERVICES.items() if service.get("restart") == "no"}
EXAMPLE = dict(
    line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if line and not line.startswith("#")
)
EACH_SERVICE = pytest.mark.parametrize("name", SERVICES)


def filled(text: str) -> str:
    """Fill in the variables as compose would from a copy of .env.example."""
    return VARIABLE.sub(lambda found: EXAMPLE[found["name"]], text)


def check_schema(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_file_obeys_the_compose_schema():
    checked = check_schema(ROOT / "docker-compose.yaml")
    assert checked.returncode == 0, checked.stdout


def test_the_check_would_see_a_misspelt_key(tmp_path):
    broken = tmp_path / "docker-compose.yaml"
    broken.write_text(TEXT.replace("restart: always", "restrt: always", 1))
    assert "restrt" in check_schema(broken).stdout


def test_all_parts_of_an_airflow_on_celery_are_there():
    assert set(SERVICES) == {
        "postgres",
        "redis",
        "emulator",
        "emulator-init",
        "airflow-init",
        "airflow-apiserver",
        "airflow-scheduler",
        "airflow-dag-processor",
        "airflow-triggerer",
        "airflow-worker",
    }


@EACH_SERVICE
def test_ports_are_published_on_loopback_only(name):
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)
    assert SERVICES[name].get("network_mode") != "host"


@EACH_SERVICE
def test_a_service_has_a_healthcheck_or_is_a_one_off_that_others_wait_for(name):
    service = SERVICES[name]
    conditions = {
        other["depends_on"].get(name, {}).get("condition") for other in SERVICES.values() if "depends_on" in other
    }
    if name in ONE_OFFS:
        assert "service_completed_successfully" in conditions
    else:
        assert service["restart"] == "always"
        assert {"test", "interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"])
        assert "service_completed_successfully" not in conditions


@EACH_SERVICE
def test_what_a_service_waits_for_is_there(name):
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        finished = "service_completed_successfully" if other in ONE_OFFS else "service_healthy"
        assert wait == {"condition": finished}


@EACH_SERVICE
def test_no_secret_stands_in_the_file(name):
    for variable, value in SERVICES[name].get("environment", {}).items():
        if SECRET.search(variable):
            assert VARIABLE.fullmatch(value), variable
        for password in re.findall(r"://\w*:([^@/]+)@", str(value)):
            assert VARIABLE.fullmatch(password), variable


def test_each_variable_is_in_the_example_and_each_secret_has_no_default():
    found = list(VARIABLE.finditer(TEXT))
    assert {each["name"] for each in found} == set(EXAMPLE)
    for each in found:
        assert each["rest"].startswith(":?" if SECRET.search(each["name"]) else ":-"), each[0]


def test_the_examples_secrets_are_obviously_none():
    secrets = {name: value for name, value in EXAMPLE.items() if SECRET.search(name)}
    assert len(secrets) == 8
    assert all(re.match(r"replace-me|AKIDEXAMPLE$|not-a-secret$", value) for value in secrets.values())


def test_images_are_pinned():
    bases = re.findall(r"^FROM (\S+) AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    images = [service["image"] for service in SERVICES.values()] + [base for base, _ in bases]
    assert all(re.fullmatch(r"[a-z/-]+:\d+\.?[\w.-]*", image) for image in images), images
    assert {service["build"]["target"] for service in SERVICES.values() if "build" in service} == {
        as_ for _, as_ in bases
    }


def test_the_image_has_the_airflow_that_the_tests_run_on_and_a_celery_that_works():
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"FROM apache/airflow:{version('apache-airflow')} AS airflow" in dockerfile
    assert '"celery<5.7"' in dockerfile


@pytest.mark.parametrize("name", [name for name in SERVICES if name.startswith("airflow-")])
def test_dags_and_plugins_are_mounted_read_only(name):
    volumes = SERVICES[name]["volumes"]
    assert {"./dags:/opt/airflow/dags:ro", "./plugins:/opt/airflow/plugins:ro"} <= set(volumes)
    assert [volume for volume in volumes if not volume.endswith(":ro")] == ["logs:/opt/airflow/logs"]


def test_every_airflow_setting_exists():
    package = Path(find_spec("airflow").origin).parent
    sections = yaml.safe_load((package / "config_templates" / "config.yml").read_text())
    given = {
        name for service in SERVICES.values() for name in service.get("environment", {}) if name.startswith("AIRFLOW__")
    }
    assert len(given) >= 10
    for name in given:
        _, section, option = name.split("__")
        if section != "CELERY":  # its settings come with the Celery provider, which is in the image only
            assert option.lower() in sections[section.lower()]["options"], name


def test_the_connection_leads_to_the_emulator_and_to_what_init_prepares():
    text = SERVICES["airflow-worker"]["environment"]["AIRFLOW_CONN_AWS_DEFAULT"]
    connection = json.loads(filled(text))
    settings = Settings.from_extra(connection["extra"], where="the connection")
    assert connection["conn_type"] == "aws"
    assert settings.customer_profiles_domain == environment.DOMAIN
    assert settings.connect_instance_id == environment.INSTANCE
    assert settings.launch_ledger == environment.LEDGER
    [script] = SERVICES["emulator-init"]["command"]
    assert f"ledger init {settings.launch_ledger} --endpoint-url {connection['extra']['endpoint_url']}\n" in script
    assert f"demo.environment --endpoint-url {connection['extra']['endpoint_url']} --allow-host emulator\n" in script
    environment.check_endpoint(connection["extra"]["endpoint_url"], allow_host="emulator")


def test_the_emulator_is_started_with_options_that_it_has():
    command = [sys.executable, "-m", "connect_emulator", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    options = [word for word in SERVICES["emulator"]["command"] if word.startswith("--")]
    assert options == ["--host", "--port", "--speed"]
    assert all(option in shown for option in options)


def test_a_deployments_requirements_are_the_distributions_own():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    required = {line.partition("#")[0].strip() for line in lines} - {""}
    own = {*project["dependencies"], *project["optional-dependencies"]["airflow"]}
    assert required == {each for each in own if not each.startswith("apache-airflow>=")}
    assert all("#" in line for line in lines), "each line says why"


def test_the_customers_that_init_writes_are_where_the_dag_looks(tmp_path):
    [script] = SERVICES["emulator-init"]["command"]
    code = re.search(r'python -c "\n(.*)"', script, re.DOTALL)[1]
    target = tmp_path / "customers.csv"
    subprocess.run(
        [sys.executable, "-c", code.replace("/data/customers.csv", str(target))], cwd=ROOT, timeout=60, check=True
    )
    assert target.read_text().startswith("customer_id,")
    assert '"/data/customers.csv"' in (ROOT / "dags" / "nightly_launch.py").read_text()
    assert "${CUSTOMERS:-customers}:/data:ro" in SERVICES["airflow-worker"]["volumes"]

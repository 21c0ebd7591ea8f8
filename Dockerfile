# Two images for docker-compose.yaml: the emulator, and Airflow with what the DAGs need.

FROM python:3.12-slim-bookworm AS emulator
WORKDIR /opt/emulator
COPY requirements.lock ./
COPY emulator ./emulator
# The versions that the tests ran with; pip takes no hashes in constraints beside a local folder.
RUN sed -e '/--hash=/d' -e 's/ \\$//' requirements.lock > constraints.txt \
 && pip install --no-cache-dir --constraint constraints.txt ./emulator \
 && useradd --system emulator
USER emulator
EXPOSE 4566
ENTRYPOINT ["python", "-m", "connect_emulator"]

FROM apache/airflow:3.3.2 AS airflow
USER root
# An empty volume takes over this owner, so that customers can be put into it.
RUN install --directory --owner=airflow --group=root /data
USER airflow
COPY requirements.txt /
# Airflow's own version is named so that nothing moves it. celery 5.7 breaks its Celery provider 3.26: neither scheduler nor
# worker starts ("cannot import name 'retry' from 'celery.backends.database'").
RUN pip install --no-cache-dir "apache-airflow==${AIRFLOW_VERSION}" "celery<5.7" --requirement /requirements.txt

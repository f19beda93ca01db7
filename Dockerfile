# treecore for a class: docker build -t treecore . && docker run -p 8501:8501 -v "$PWD/runs:/rollouts:ro" treecore
# Without a GPU, --build-arg PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu makes the image some gigabytes less.
FROM python:3.11-slim

ARG PIP_EXTRA_INDEX_URL=""
WORKDIR /srv/treecore
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY treecore treecore
COPY app app
COPY sample_trees sample_trees
RUN pip install --no-cache-dir -c constraints.txt .

RUN useradd --create-home --uid 1000 treecore && mkdir /rollouts /kept && chown treecore /rollouts /kept
USER treecore
ENV TREECORE_CACHE=/kept PYTHONUNBUFFERED=1
VOLUME ["/rollouts", "/kept"]
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["treecore", "app", "--public", "--no-browser", "--address", "0.0.0.0", "--port", "8501", "--library", "/rollouts"]

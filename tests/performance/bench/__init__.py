"""What the kernel costs, beside FastStream as it comes, bare aio-pika, and Celery.

Every contender does the same job: a JSON command from a quorum queue, validated by the same model,
one persistent, confirmed event, acknowledgement after it. The kernel adds what it is for: journal,
result, trace, metrics, watch. Celery adds its result in Redis. Contenders are interleaved in random
order within each round, so the ratios hold on a busy machine; the absolute numbers do not.
"""

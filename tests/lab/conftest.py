"""The experiments that these tests run: `import tiny`."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

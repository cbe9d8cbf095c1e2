from ._story import DataSet as DataSet
from ._story import Judged as Judged
from ._story import Story as Story
from ._tell import story_of as story_of
from ._text import render_text as render_text
from ._write import write_report as write_report
